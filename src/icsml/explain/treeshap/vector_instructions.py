"""Vector instructions that a compiler does not derive alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["DOUBLES", "LANES", "LONG", "LONGS", "WORD", "Emitter", "instruction"]

LANES: Final = 8
"""Doubles in a vector."""

LONG, WORD = ir.IntType(64), ir.IntType(16)
DOUBLES, LONGS = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(LONG, LANES)

_INDEX = ir.IntType(32)
_POINTERS = ir.VectorType(ir.PointerType(ir.DoubleType()), LANES)
_FLAGS = ir.VectorType(ir.IntType(1), LANES)


def instruction(body: Callable[..., None]) -> Callable[[tuple[Any, ...]], None]:
    """Return a function for compiled code that takes one tuple and emits the instructions of ``body``.

    ``body`` gets an :class:`Emitter`, then for each array a pointer to its numbers, for each integer 64 bits of it.
    """

    @intrinsic
    def call(typing: Any, arguments: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            parts = cgutils.unpack_tuple(builder, values[0])  # type: ignore[no-untyped-call]
            body(Emitter(context, builder), *map(_plain(context, builder), signature.args[0], parts))
            return context.get_dummy_value()

        return types.void(arguments), emit

    return cast(Callable[[tuple[Any, ...]], None], call)


def _plain(context: Any, builder: Any) -> Callable[[Any, Any], Any]:
    def plain(kind: Any, value: Any) -> Any:
        if isinstance(kind, types.Array):
            return context.make_array(kind)(context, builder, value).data
        return context.cast(builder, value, kind, types.int64) if isinstance(kind, types.Integer) else value

    return plain


class Emitter:
    """Writes vector instructions; the same sums in the same order with and without AVX-512.

    Parameters
    ----------
    context, builder
        Numba's target and the builder of the function.
    """

    def __init__(self, context: Any, builder: Any) -> None:
        self.builder = builder
        self._permutes = "+avx512f" in context.codegen().magic_tuple()[2].split(",")

    def at(self, pointer: Any, *skips: Any) -> Any:
        """Return the pointer moved by some numbers of elements."""
        for skip in skips:
            pointer = self.builder.gep(pointer, [LONG(skip) if isinstance(skip, int) else skip])
        return pointer

    def load(self, pointer: Any, vector: Any) -> Any:
        """Return the vector at a pointer."""
        loaded = self.builder.load(self.builder.bitcast(pointer, ir.PointerType(vector)))
        loaded.align = _bytes(vector)
        return loaded

    def store(self, pointer: Any, value: Any) -> None:
        """Store a vector at a pointer."""
        stored = self.builder.store(value, self.builder.bitcast(pointer, ir.PointerType(value.type)))
        stored.align = _bytes(value.type)

    def add(self, pointer: Any, value: Any) -> None:
        """Add doubles to those at a pointer."""
        self.store(pointer, self.builder.fadd(self.load(pointer, value.type), value))

    def splat(self, value: Any, lanes: int = LANES) -> Any:
        """Return a vector of one value."""
        one = self.builder.insert_element(ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined), value, _INDEX(0))
        return self.builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_INDEX, lanes), [0] * lanes))

    def look_up(self, pointer: Any, index: Any, length: int = 0) -> Any:
        """Return the doubles at eight indices; up to ``length`` numbers are kept in registers and permuted."""
        if length and self._permutes:
            return self._permuted(pointer, index, length)
        return self._gathered(pointer, index)

    def _gathered(self, pointer: Any, index: Any) -> Any:
        builder = self.builder
        first = self.splat(builder.ptrtoint(pointer, LONG))
        addresses = builder.add(first, builder.shl(index, ir.Constant(LONGS, [3] * LANES)))
        gather = self._external("llvm.masked.gather.v8f64.v8p0", [_POINTERS, _INDEX, _FLAGS, DOUBLES])
        every, nothing = ir.Constant(_FLAGS, [1] * LANES), ir.Constant(DOUBLES, ir.Undefined)
        return builder.call(gather, [builder.inttoptr(addresses, _POINTERS), _INDEX(8), every, nothing])

    def _permuted(self, pointer: Any, index: Any, length: int) -> Any:
        """Permute pairs of registers; the index's higher bits choose among the pairs."""
        builder = self.builder
        registers = [self.load(self.at(pointer, start), DOUBLES) for start in range(0, length, LANES)]
        if len(registers) == 1:
            one = self._external("llvm.x86.avx512.permvar.df.512", [DOUBLES, LONGS])
            return builder.call(one, [registers[0], index])
        two = self._external("llvm.x86.avx512.vpermi2var.pd.512", [DOUBLES, LONGS, DOUBLES])
        candidates = [
            builder.call(two, [low, index, high]) for low, high in zip(registers[::2], registers[1::2], strict=True)
        ]
        # Each permutation has answered for its own pair of registers; the next higher bit of the index selects which of
        # two answers counts, until one is left.
        bit = 2 * LANES
        while len(candidates) > 1:
            masked = builder.and_(index, ir.Constant(LONGS, [bit] * LANES))
            high = builder.icmp_unsigned("!=", masked, ir.Constant(LONGS, [0] * LANES))
            candidates = [builder.select(high, b, a) for a, b in zip(candidates[::2], candidates[1::2], strict=True)]
            bit *= 2
        return candidates[0]

    def _external(self, name: str, arguments: list[Any]) -> Any:
        return cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            self.builder.module, ir.FunctionType(DOUBLES, arguments), name
        )


def _bytes(vector: Any) -> int:
    return 2 if vector.element == WORD else 8

const plain = text => text.normalize("NFKC").toLowerCase().trim();
const box = document.getElementById("search"), said = document.getElementById("said");
const rows = [...document.querySelectorAll("tr.firm")].map(
  row => [row, [...row.querySelectorAll(".who")].map(cell => plain(cell.textContent)).join(" ")]);
box.addEventListener("input", () => {
  const asked = plain(box.value);
  let found = 0;
  for (const [row, text] of rows) {
    row.hidden = !text.includes(asked);
    if (!row.hidden) found += 1;
  }
  document.body.classList.toggle("searching", asked !== "");
  said.textContent = asked === "" ? "" : said.dataset.found.replace("{}", found.toLocaleString("en-US"));
});

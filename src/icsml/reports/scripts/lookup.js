"use strict";
(() => {
  const data = JSON.parse(document.getElementById("firm-data").textContent);
  const words = data.words, columns = data.columns, most = 50;
  const [search, grade, flag] = ["firm-search", "firm-grade", "firm-flag"].map(id => document.getElementById(id));
  const body = document.querySelector("#firm-rows tbody"), said = document.getElementById("firm-count");
  const order = data.pd.map((_, row) => row).sort((a, b) => data.pd[b] - data.pd[a] || a - b);
  const names = data.id.map(name => name.toUpperCase());
  const percent = value => (100 * value).toFixed(2) + "%";
  const flagged = {
    "": () => true,
    trained: row => data.usage[row] === "1",
    untrained: row => data.untrained.includes(data.usage[row]),
    companion: row => data.fallback[row] === "1",
    bad: row => data.bad[row] === "1",
  };

  const adverse = row => {
    const cell = document.createElement("td");
    for (const place of data.adverse.slice(row * data.most, (row + 1) * data.most).filter(place => place >= 0)) {
      const code = document.createElement("code");
      [code.textContent, code.title] = data.codes[place];
      cell.append(code, " ");
    }
    return cell;
  };

  const line = row => {
    const texts = [
      [data.id[row]],
      ...columns.date ? [[data.dates[data.date[row]]]] : [],
      [percent(data.pd[row]), "n"],
      ...columns.grade ? [[data.grades[data.grade[row]]]] : [],
      [String(data.score[row]), "n"],
      ...columns.without ? [[percent(data.without[row]), "n"]] : [],
      [words.outcome[data.bad[row]]], [words.usage[data.usage[row]]],
      ...columns.model ? [[words.model[Number(data.fallback[row])]]] : [],
    ];
    const shown = document.createElement("tr");
    for (const [text, kind] of texts) {
      const cell = document.createElement("td");
      cell.textContent = text;
      if (kind) cell.className = kind;
      shown.append(cell);
    }
    shown.append(adverse(row));
    return shown;
  };

  const show = () => {
    const part = search.value.trim().toUpperCase(), chosen = grade.value;
    const found = order.filter(row => (!part || names[row].includes(part))
      && (!chosen || String(data.grade[row]) === chosen) && flagged[flag.value](row));
    body.replaceChildren(...found.slice(0, most).map(line));
    said.textContent = words.matches.replace("{n}", found.length.toLocaleString("en-US")).replace("{shown}", Math.min(found.length, most));
  };

  for (const each of [search, grade, flag]) each.addEventListener("input", show);
  document.getElementById("firm-form").hidden = false;
  show();
})();

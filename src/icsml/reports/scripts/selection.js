const most = 500;
const plain = text => text.normalize("NFKC").toLowerCase().trim();
const box = document.getElementById("search"), said = document.getElementById("said");
const rows = [...document.querySelectorAll("tr.firm")].map(
  row => [row, [...row.querySelectorAll(".who")].map(cell => plain(cell.textContent)).join(" ")]);
box.addEventListener("input", () => {
  const asked = plain(box.value);
  let found = 0;
  for (const [row, text] of rows) {
    const fits = text.includes(asked);
    if (fits) found += 1;
    row.hidden = !fits || (asked !== "" && found > most);
  }
  document.body.classList.toggle("searching", asked !== "");
  const more = found === 0 ? said.dataset.none : found > most ? said.dataset.most.replace("{}", most) : "";
  said.textContent = asked === "" ? "" : said.dataset.found.replace("{}", found.toLocaleString("en-US")) + more;
});

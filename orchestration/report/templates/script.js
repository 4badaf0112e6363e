"use strict";
// Sorting, filtering and picking. Without it every page still shows its first choice.
(() => {
  const NOTHING = "–";

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const valueOf = (cell) => {
    if (!cell || cell.textContent === NOTHING) return null;
    const given = cell.dataset.v;
    if (given === undefined) return cell.textContent.trim();
    return given !== "" && !Number.isNaN(Number(given)) ? Number(given) : given;
  };

  // What is not there stands last, whichever way is sorted.
  const compare = (one, other, way) => {
    if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
    if (typeof one === "number" && typeof other === "number") return way * (one - other);
    return way * String(one).localeCompare(String(other), undefined, { numeric: true });
  };

  const sort = (table, place, way) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.sort((one, other) => compare(valueOf(one.cells[place]), valueOf(other.cells[place]), way));
    body.append(...rows);
  };

  const makeSortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = element("button", head.textContent, "sort");
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
        sort(table, place, way);
      });
    });
    table.addEventListener("rows", () => {
      const place = heads.findIndex((one) => one.hasAttribute("aria-sort"));
      if (place >= 0) sort(table, place, heads[place].getAttribute("aria-sort") === "ascending" ? 1 : -1);
    });
  };

  const makeFilterable = (table) => {
    const box = element("div", undefined, "filter");
    const label = element("label", "Filter ");
    const field = element("input");
    field.type = "search";
    field.autocomplete = "off";
    field.setAttribute("aria-label", `Filter: ${table.caption.textContent}`);
    const found = element("span", "", "found");
    found.setAttribute("role", "status");
    label.append(field);
    box.append(label, found);
    table.parentElement.before(box);
    const filter = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        count += row.hidden ? 0 : 1;
      }
      found.textContent = words.length ? `${count} of ${table.tBodies[0].rows.length} rows` : "";
    };
    field.addEventListener("input", filter);
    table.addEventListener("rows", filter);
  };

  const marksOf = (marks) =>
    marks.flatMap((one, place) => [...(place ? [" "] : []), element("span", one, "mark")]);

  const showRows = (table, choices, key) => {
    const heads = [...table.tHead.rows[0].cells];
    const rows = choices.rows[key] || [];
    table.tBodies[0].replaceChildren(
      ...rows.map(([cells, marks]) => {
        const row = element("tr");
        cells.forEach((given, place) => {
          const [text, value] = Array.isArray(given) ? given : [given, undefined];
          const cell = element(place ? "td" : "th", text);
          if (!place) cell.scope = "row";
          if (heads[place].className) cell.className = heads[place].className;
          if (value !== undefined && value !== null) cell.dataset.v = value;
          row.append(cell);
        });
        if (heads.length > cells.length) {
          const cell = element("td");
          cell.append(...marksOf(marks));
          row.append(cell);
        }
        return row;
      }),
    );
    const cut = document.querySelector(`[data-cut="${table.dataset.table}"]`);
    const total = choices.totals[key] || 0;
    cut.textContent = !rows.length
      ? "Nothing to show for this choice."
      : total > rows.length
        ? `${rows.length.toLocaleString("en")} of ${total.toLocaleString("en")} rows; the rest is in ${choices.source}.`
        : "";
    table.dispatchEvent(new Event("rows"));
  };

  const showFunnel = (list, choices, key) => {
    const levels = choices[key] || [];
    [...list.children].forEach((item, place) => {
      item.hidden = !levels[place];
      if (item.hidden) return;
      const [stage, reached, told, standing, share, of, marks, points] = levels[place];
      item.dataset.stage = stage;
      item.querySelector(".stage").textContent = stage;
      item.querySelector("polygon").setAttribute("points", points);
      const count = item.querySelector(".count");
      count.textContent = told;
      count.dataset.v = reached;
      item.querySelector("[data-standing]").textContent = standing;
      const rate = item.querySelector(".rate");
      rate.hidden = !share;
      rate.querySelector("strong").textContent = share;
      rate.querySelector(".of").textContent = of;
      rate.querySelector(".marks").replaceChildren(...marksOf(marks));
    });
  };

  const makePickable = (data) => {
    const name = data.dataset.choices;
    const choices = JSON.parse(data.textContent);
    const pickers = [...document.querySelectorAll(`[data-picker="${name}"]`)];
    const table = document.querySelector(`[data-table="${name}"]`);
    const list = document.querySelector(`[data-funnel="${name}"]`);
    const show = () => {
      const key = pickers.map((one) => one.value).join("\u001f");
      if (table) showRows(table, choices, key);
      else showFunnel(list, choices, key);
    };
    pickers.forEach((one) => one.addEventListener("change", show));
  };

  document.querySelectorAll("table[data-table]").forEach((table) => {
    makeSortable(table);
    const pickable = document.querySelector(`[data-choices="${table.dataset.table}"]`);
    if (pickable || table.tBodies[0].rows.length > 10) makeFilterable(table);
  });
  document.querySelectorAll("script[data-choices]").forEach(makePickable);

  document.documentElement.classList.add("scripted");
})();

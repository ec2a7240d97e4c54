"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const STAGES = ["dump", "inspect", "prepare", "load", "call", "return", "compare"];
  const byId = (id) => document.getElementById(id);
  // Everything shown is text: nothing of a payload or a message can become markup.
  const make = (tag, words = {}, ...parts) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(words)) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...parts.filter((part) => part !== null && part !== undefined));
    return node;
  };

  // --- theme ---
  const theme = byId("theme");
  const setTheme = (name) => {
    document.documentElement.dataset.theme = name;
    theme.setAttribute("aria-pressed", String(name === "dark"));
    theme.textContent = name === "dark" ? "Light" : "Dark";
  };
  let kept = null;
  try { kept = localStorage.getItem("portable-theme"); } catch { /* a file: page may have no storage */ }
  setTheme(kept || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  theme.addEventListener("click", () => {
    const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    setTheme(name);
    try { localStorage.setItem("portable-theme", name); } catch { /* as above */ }
  });

  // --- matrix ---
  const columns = data.columns;
  const rows = new Map();
  data.checks.forEach((check, number) => {
    check.number = number;
    check.words = [check.test, check.object, check.column, check.stage, check.text,
      ...[...check.problems, ...check.notes].flatMap((one) => [one.code, one.path, one.module, one.distribution, one.message])]
      .join(" ").toLowerCase();
    if (!rows.has(check.row)) rows.set(check.row, new Map());
    const cells = rows.get(check.row);
    if (!cells.has(check.column)) cells.set(check.column, []);
    cells.get(check.column).push(check);
  });
  document.querySelector("#matrix thead").append(make("tr", {}, make("th", { scope: "col" }, "test"),
    ...columns.map((name) => make("th", { scope: "col" }, name))));
  const body = document.querySelector("#matrix tbody");
  const built = [];
  for (const [row, cells] of rows) {
    const line = make("tr", {}, make("th", { scope: "row", title: row }, row));
    for (const column of columns) {
      const checks = cells.get(column) || [];
      const cell = make("td", {});
      checks.forEach((check, index) => {
        const word = check.portable ? "ok" : check.problems[0].code;
        const button = make("button", {
          type: "button", class: `cell ${check.portable ? "ok" : "no"}${check.notes.length ? " noted" : ""}`,
          "data-check": check.number, "aria-pressed": "false", tabindex: "-1",
          "aria-label": `${row}, ${column}${checks.length > 1 ? `, check ${index + 1}` : ""}: ${check.portable ? "portable" : `not portable, ${word}`}`,
        }, checks.length > 4 && check.portable ? "\u2713" : word);
        check.button = button;
        cell.append(button, " ");
      });
      line.append(cell);
    }
    body.append(line);
    built.push({ line, checks: [...cells.values()].flat() });
  }

  // --- search and filter ---
  const total = data.checks.filter((check) => check.seconds).length;
  const state = { text: "", show: "all", code: null };
  const matches = (check) => (!state.text || check.words.includes(state.text))
    && (state.show !== "failed" || !check.portable) && (state.show !== "notes" || check.notes.length)
    && (!state.code || check.problems.some((problem) => problem.code === state.code));
  const apply = () => {
    let shown = 0, found = false;
    for (const { line, checks } of built) {
      let any = false;
      for (const check of checks) {
        const is = Boolean(matches(check));
        check.button.hidden = !is;
        any = any || is;
        shown += is && Boolean(check.seconds);
      }
      line.hidden = !any;
      found = found || any;
    }
    byId("empty").hidden = found;
    byId("shown").textContent = `${shown} of ${total} ${total === 1 ? "check" : "checks"}`;
    const first = buttons()[0];
    if (first && !document.querySelector('.cell[tabindex="0"]:not([hidden])')) first.tabIndex = 0;
  };
  byId("search").addEventListener("input", (event) => { state.text = event.target.value.trim().toLowerCase(); apply(); });
  document.querySelectorAll("input[name=show]").forEach((input) =>
    input.addEventListener("change", () => { state.show = input.value; apply(); }));
  document.querySelectorAll(".codes button").forEach((button) => button.addEventListener("click", () => {
    state.code = state.code === button.dataset.code ? null : button.dataset.code;
    document.querySelectorAll(".codes button").forEach((one) =>
      one.setAttribute("aria-pressed", String(one.dataset.code === state.code)));
    apply();
  }));

  // --- keyboard: the matrix is one stop of Tab, arrows move inside, Escape closes ---
  const buttons = () => [...body.querySelectorAll("tr:not([hidden]) .cell:not([hidden])")];
  body.addEventListener("keydown", (event) => {
    const here = event.target.closest(".cell");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const jump = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!here || (!step && !jump)) return;
    event.preventDefault();
    let next = null;
    if (step) {
      const all = buttons();
      next = all[all.indexOf(here) + step];
    } else {
      const column = here.closest("td").cellIndex;
      let line = here.closest("tr");
      do { line = jump > 0 ? line.nextElementSibling : line.previousElementSibling; }
      while (line && (line.hidden || !line.cells[column].querySelector(".cell:not([hidden])")));
      next = line && line.cells[column].querySelector(".cell:not([hidden])");
    }
    if (next) { here.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  });
  body.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) open(data.checks[Number(cell.dataset.check)]);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !detail.hidden) close(); });

  // --- one verdict ---
  const detail = byId("detail");
  let current = null;
  const close = () => {
    detail.hidden = true;
    document.querySelector(".split").classList.remove("open");
    if (current) { current.button.setAttribute("aria-pressed", "false"); current.button.focus(); }
    current = null;
    history.replaceState(null, "", location.pathname + location.search);
  };
  const copy = (text) => {
    const button = make("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
      catch { button.textContent = "Select and copy"; }
    });
    return button;
  };
  const finding = (problem, isNote) => make("article", { class: `problem${isNote ? " note" : ""}` },
    make("h3", {}, `${isNote ? "note: " : ""}${problem.code}`),
    problem.path ? make("p", { class: "path" }, problem.path) : null,
    make("p", {}, problem.message),
    problem.evidence ? make("pre", {}, problem.evidence) : null,
    ...problem.remedies.map((remedy) => make("div", { class: "fix" }, make("b", {}, remedy.proven ? `fix (proven: ${remedy.proof})` : "fix"),
      make("span", {}, remedy.text), remedy.change ? copy(remedy.change) : null)));
  const section = (title, ...parts) => make("section", {}, make("h3", {}, title), ...parts);
  const size = (bytes) => bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} B`;

  const open = (check) => {
    if (current) current.button.setAttribute("aria-pressed", "false");
    current = check;
    check.button.setAttribute("aria-pressed", "true");
    const target = check.seconds && data.environments[check.environment];
    const broken = STAGES.indexOf(check.stage);
    const closing = make("button", { type: "button", "aria-label": "Close" }, "\u2715");
    closing.addEventListener("click", close);
    detail.replaceChildren(...[
      make("header", {}, make("div", {}, make("h2", {}, check.object || check.stage),
        make("p", { class: "quiet mono" }, check.test || "")), closing),
      make("span", { class: `badge ${check.portable ? "ok" : "no"}` },
        check.portable ? "portable" : target ? `broke at ${check.stage}` : "not checked"), " ", make("span", { class: "quiet" }, check.column),
      target ? make("ol", { class: "stages", "aria-label": "Stages" }, ...STAGES.map((stage, index) =>
        make("li", { class: check.portable || index < broken ? "ok" : index === broken ? "no" : "" }, stage))) : null,
      ...check.problems.map((problem) => finding(problem, false)),
      ...check.notes.map((note) => finding(note, true)),
      check.inspection ? section("object", tree(check)) : null,
      check.stdout ? section("stdout there", make("pre", {}, check.stdout)) : null,
      check.stderr ? section("stderr there", make("pre", {}, check.stderr)) : null,
      target ? section("facts", facts(check, target)) : null,
      check.reproduce && !check.portable ? section("by hand", make("div", { class: "fix" },
        make("code", {}, check.reproduce), copy(check.reproduce))) : null,
      check.text ? make("details", {}, make("summary", {}, "as text"), make("pre", {}, check.text), copy(check.text)) : null,
    ].filter((part) => part !== null));
    detail.hidden = false;
    detail.scrollTop = 0;
    document.querySelector(".split").classList.add("open");
    // On a narrow screen it lies below the matrix, or over it.
    if (matchMedia("(max-width: 60rem)").matches) detail.scrollIntoView({ block: "start" });
    history.replaceState(null, "", `#check-${check.number}`);
  };
  const facts = (check, target) => {
    const held = Object.entries(target.distributions || {}).map((pair) => pair.join(" ")).join(", ");
    const spent = Object.entries(check.seconds).map(([stage, seconds]) => `${stage} ${(seconds * 1000).toFixed(1)} ms`).join(", ");
    const pairs = [["target", [target.implementation, target.python, target.platform].filter(Boolean).join(" ")],
      ["holds", held || "nothing but the standard library"],
      ["payload", check.payload_bytes === null ? "none" : `${size(check.payload_bytes)}, ${check.serializer}, protocol ${check.protocol}`],
      ["time", spent]];
    return make("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  };

  // --- the object's tree: every path that has a size, a reference or a problem ---
  const split = (path) => {
    const found = path.match(/^[a-z_]+\(.*?\)(?=[.[]|$)|^[A-Za-z_]\w*(?:\(\))?|\.[A-Za-z_]\w*(?:\(\))?|\[(?:'(?:\\.|[^'])*'|"(?:\\.|[^"])*"|[^\]])*\]/g);
    return found && found.join("") === path ? found : [path];
  };
  const tree = (check) => {
    const root = { children: new Map(), bytes: null, marks: [] };
    const at = (path) => split(path).reduce((node, part) => {
      if (!node.children.has(part)) node.children.set(part, { children: new Map(), bytes: null, marks: [] });
      return node.children.get(part);
    }, root);
    check.inspection.sizes.forEach((one) => { at(one.path).bytes = one.bytes; });
    check.inspection.references.forEach((one) => (one.paths || []).slice(0, 3).forEach((path) => {
      if (!one.stdlib) at(path).marks.push({ text: `${one.module}.${one.qualname}`.replace(/\.$/, "") + (one.by === "value" ? " (by value)" : "") });
    }));
    check.problems.forEach((one) => { if (one.path) at(one.path).marks.push({ text: one.code, kind: "no" }); });
    check.notes.forEach((one) => { if (one.path) at(one.path).marks.push({ text: one.code, kind: "note" }); });
    const total = check.payload_bytes || 1;
    const list = (node) => make("ul", {}, ...[...node.children].map(([name, child]) => {
      const kinds = child.marks.map((mark) => mark.kind);
      const kind = kinds.includes("no") ? "no" : kinds.includes("note") ? "note" : "";
      const words = [...new Set(child.marks.map((mark) => mark.text))].join(", ");
      return make("li", {}, make("div", { class: `row ${kind}` }, make("span", {}, words ? `${name}  ${words}` : name),
        child.bytes === null ? make("span", {}) : make("div", { class: "bar", "aria-hidden": "true" },
          make("i", { style: `width:${Math.min(100, Math.max(2, 100 * child.bytes / total)).toFixed(1)}%` })),
        make("span", { class: "bytes" }, child.bytes === null ? "" : size(child.bytes))),
        child.children.size ? list(child) : null);
    }));
    const shown = list(root);
    shown.className = "tree";
    return shown;
  };

  apply();
  const asked = location.hash.match(/^#check-(\d+)$/);
  if (asked && data.checks[Number(asked[1])]) open(data.checks[Number(asked[1])]);
})();

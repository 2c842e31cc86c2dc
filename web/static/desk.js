// Comfort for those who have scripts: keys, live search and preview, drafts, news. Every page works without.
"use strict";
(() => {
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");

  // Keys
  const rows = () => all("[data-row]");
  const chosen = () => one("[data-row].chosen");
  const choose = (row) => {
    if (!row) return;
    chosen()?.classList.remove("chosen");
    row.classList.add("chosen");
    one("[data-open]", row).focus();
  };
  const move = (step) => {
    const list = rows();
    choose(list[Math.max(0, Math.min(list.length - 1, list.indexOf(chosen()) + step))] ?? list[0]);
  };
  const writing = (target) => target.matches("input:not([type=checkbox]), textarea, select") || target.isContentEditable;
  const help = one("#help");
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => one("[data-claim]", chosen() ?? document.createElement("p"))?.click(),
    m: () => one("[data-main]")?.focus(),
    "/": () => one("[data-search]")?.focus(),
    "?": () => help?.showModal(),
    Enter: () => one("[data-open]", chosen())?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (writing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Enter" && (event.target !== document.body || !chosen())) return;
    const act = keys[event.key] ?? (() => {
      const link = all("[data-key]").find((found) => found.dataset.key === event.key);
      link?.click();
      return link;
    });
    if (event.key in keys || all("[data-key]").some((found) => found.dataset.key === event.key)) {
      event.preventDefault();
      act();
    }
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && row !== chosen()) {
      chosen()?.classList.remove("chosen");
      row.classList.add("chosen");
    }
  });
  for (const button of all("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }

  // A form is sent once; a page that comes back from the browser's memory may send it again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.action.endsWith("/logout")) sessionStorage.clear();
    if (form.dataset.sent) return event.preventDefault();
    if (form.method === "post") {
      form.dataset.sent = "1";
      for (const button of all("button", form)) button.setAttribute("aria-disabled", "true");
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of all("button", form)) button.removeAttribute("aria-disabled");
    }
  });
  for (const select of all("[data-submit]")) select.addEventListener("change", () => select.form.submit());

  // Parts of a page that are fetched while one types; the last question wins.
  const fetched = (address, options, target) => {
    let latest = 0;
    return async () => {
      const mine = ++latest;
      try {
        const answer = await fetch(address(), options());
        if (!answer.ok || answer.redirected || mine !== latest) return;
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = one(target, part);
        if (found) one(target).replaceWith(document.adoptNode(found));
      } catch { /* the connection is gone; what is shown stays, and so does what was typed */ }
    };
  };
  const after = (milliseconds, work) => {
    let timer;
    return () => { clearTimeout(timer); timer = setTimeout(work, milliseconds); };
  };
  for (const input of all("[data-live]")) {
    const address = () => `${input.form.action}?${new URLSearchParams(new FormData(input.form))}`;
    const look = fetched(address, () => ({ headers: { "X-Part": "rows" } }), input.dataset.live);
    input.addEventListener("input", after(150, look));
  }
  for (const form of all("form[data-preview]")) {
    const body = () => { const data = new URLSearchParams(new FormData(form)); data.set("look", "1"); return data; };
    const look = fetched(() => location.href, () => ({ method: "POST", body: body(), headers: { "X-Part": "preview" } }), form.dataset.preview);
    form.addEventListener("input", after(250, look));
  }
  for (const input of all("[data-narrow]")) {
    input.closest("[hidden]").hidden = false;
    input.addEventListener("input", () => {
      const words = plain(input.value).split(/\s+/);
      for (const item of all(input.dataset.narrow)) item.hidden = !words.every((word) => plain(item.dataset.text).includes(word));
      for (const group of all("[data-group]")) group.hidden = all("[data-text]", group).every((item) => item.hidden);
    });
  }

  // What was typed survives a lost connection and a login; it is forgotten once it was taken.
  const kept = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
  const texts = (form) => all("textarea, input[type=text], input[type=tel], input[type=email]", form).filter((field) => field.name);
  const taken = new URLSearchParams(location.search).has("done");
  for (const form of all("form[data-draft]")) {
    if (taken) sessionStorage.removeItem(kept(form));
    const draft = JSON.parse(sessionStorage.getItem(kept(form)) ?? "{}");
    for (const field of texts(form)) if (!field.value && draft[field.name]) field.value = draft[field.name];
    form.addEventListener("input", () => {
      const values = Object.fromEntries(texts(form).map((field) => [field.name, field.value]));
      sessionStorage.setItem(kept(form), JSON.stringify(values));
    });
  }
  if (taken) for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:/desk/receive/")) sessionStorage.removeItem(key);
  const problem = one("[aria-invalid=true]") ?? one("#problem");
  if (problem) { problem.tabIndex = problem.matches("p") ? -1 : 0; problem.focus(); }

  // News of the worklist
  const changed = one("[data-changed]");
  if (changed && "EventSource" in window) {
    const show = fetched(() => location.href, () => ({ headers: { "X-Part": "rows" } }), "#rows");
    one("[data-refresh]").addEventListener("click", async () => { await show(); changed.hidden = true; });
    const touched = () => all("#rows input:checked").length > 0 || chosen();
    const arrive = after(800, async () => { if (touched()) changed.hidden = false; else await show(); });
    new EventSource("/desk/news").addEventListener("changed", arrive);
  }
})();

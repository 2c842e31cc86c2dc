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
  // Where one was in a list, for when one comes back to it.
  const place = `row:${location.pathname}`;
  const address = (row) => one("[data-open]", row).getAttribute("href");
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
    m: () => {
      const acts = all("[data-main]");
      acts[(acts.indexOf(document.activeElement) + 1) % acts.length]?.focus();
    },
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
    if (!row) return;
    sessionStorage.setItem(place, address(row));
    if (row !== chosen()) {
      chosen()?.classList.remove("chosen");
      row.classList.add("chosen");
    }
  });
  const before = sessionStorage.getItem(place);
  const came = document.referrer.startsWith(`${location.origin}/desk`);
  if (before && came && !one("[autofocus]")) choose(rows().find((row) => address(row) === before));
  for (const button of all("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }

  // A form is sent once; a page that comes back from the browser's memory may send it again.
  const lock = (form) => {
    form.dataset.sent = "1";
    for (const button of all("button", form)) button.setAttribute("aria-disabled", "true");
  };
  const unlock = (form) => {
    delete form.dataset.sent;
    for (const button of all("button", form)) button.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.action.endsWith("/logout")) sessionStorage.clear();
    if (form.dataset.sent) return event.preventDefault();
    if (form.method !== "post") return;
    lock(form);
    if ("draft" in form.dataset && !form.dataset.reached) {
      event.preventDefault();
      sendIfReachable(form, event.submitter);
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) { unlock(form); delete form.dataset.reached; }
  });

  // What was typed is not thrown at a server that is not there: the page would be gone, and a message of the browser's in
  // its place.
  const offline = one("[data-offline]");
  const reachable = async () => {
    try {
      await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      return true;
    } catch { return false; }
  };
  const sendIfReachable = async (form, button) => {
    const there = await reachable();
    unlock(form);
    offline.hidden = there;
    if (there) {
      form.dataset.reached = "1";
      form.requestSubmit(button);
    }
  };
  if (offline) {
    window.addEventListener("offline", () => { offline.hidden = false; });
    window.addEventListener("online", () => { offline.hidden = true; });
  }
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

  // What was typed survives a lost connection and a login; it is forgotten once it was taken. A form that makes something
  // new keeps its key as well, so that what has arrived unnoticed is not made again.
  const kept = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
  const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "submit"].includes(field.type));
  const ticked = (field) => ["checkbox", "radio"].includes(field.type);
  const taken = new URLSearchParams(location.search).has("done");
  const echoed = one(".problem[role=alert]");
  const restored = one("[data-restored]");
  const restore = (form, draft) => {
    let changed = false;
    fields(form).forEach((field, index) => {
      const [name, was] = [ticked(field) ? "checked" : "value", draft.values[index]];
      const filled = name === "value" && field.value && field.tagName !== "SELECT";
      if (field[name] === was || filled) return;
      field[name] = was;
      changed = true;
    });
    if (draft.key && "once" in form.dataset) one("[name=key]", form).value = draft.key;
    if (!changed) return;
    if (restored) restored.hidden = false;
    const folded = form.closest("details");
    if (folded) folded.open = true;
  };
  for (const form of all("form[data-draft]")) {
    if (taken) sessionStorage.removeItem(kept(form));
    const draft = JSON.parse(sessionStorage.getItem(kept(form)) ?? "null");
    if (!echoed && draft?.values?.length === fields(form).length) restore(form, draft);
    form.addEventListener("input", () => {
      const values = fields(form).map((field) => (ticked(field) ? field.checked : field.value));
      sessionStorage.setItem(kept(form), JSON.stringify({ values, key: one("[name=key]", form).value }));
    });
  }
  if (taken) for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:/desk/receive/")) sessionStorage.removeItem(key);
  one("[data-forget]")?.addEventListener("click", () => {
    for (const form of all("form[data-draft]")) sessionStorage.removeItem(kept(form));
    location.replace(location.pathname + location.search);
  });
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

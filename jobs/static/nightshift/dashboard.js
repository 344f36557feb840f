// The pages work without this. With it, they stay up to date, write times in the reader's zone, and obey keys.
"use strict";
(() => {
  const root = document.documentElement;
  const status = document.getElementById("status");

  // Choices lie in cookies, which the server reads too, so that they hold on every page and in every tab.
  const chosen = (name) => document.cookie.match(`(?:^|; )nightshift_${name}=([^;]*)`)?.[1] || "";
  const keep = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `nightshift_${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
  };
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  if (chosen("zone") !== here.replaceAll("/", ".")) keep("zone", here.replaceAll("/", "."));

  // ── Times: as jobs/dashboard/moments.py writes them.
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const largest = (seconds, count) => {
    const words = [];
    let rest = Math.floor(seconds);
    for (const [length, unit] of UNITS) {
      const amount = Math.floor(rest / length);
      rest %= length;
      if (amount || words.length) words.push(amount && `${amount} ${unit}`);
      if (words.length === count) break;
    }
    return words.filter(Boolean).join(" ") || "0 s";
  };
  const formats = new Map();
  const part = (at, options) => {
    const zone = root.dataset.times === "utc" ? "UTC" : here;
    const key = JSON.stringify(options) + zone;
    if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }));
    return formats.get(key).format(at).replaceAll(",", "");
  };
  const CLOCK = { hour: "2-digit", minute: "2-digit" };
  const DATE = { day: "numeric", month: "short", year: "numeric" };
  const shown = (at, kind, now) => {
    const seconds = (at - now) / 1000;
    if (kind === "for") return largest(Math.max(-seconds, 0), 2);
    if (kind === "ago") {
      if (Math.abs(seconds) < 1) return "now";
      return seconds > 0 ? `in ${largest(seconds, 1)}` : `${largest(-seconds, 1)} ago`;
    }
    if (kind === "second") return part(at, { ...CLOCK, second: "2-digit" });
    if (kind === "full") return part(at, { weekday: "short", ...DATE, ...CLOCK, second: "2-digit" });
    if (part(at, DATE) === part(now, DATE)) return part(at, CLOCK);
    return Math.abs(seconds) < 518400 ? part(at, { weekday: "short", ...CLOCK }) : part(at, { ...DATE, ...CLOCK });
  };
  // The server's clock: this machine's may be wrong.
  let ahead = 0;
  const setClock = () => {
    const now = document.querySelector("main")?.dataset.now;
    if (now) ahead = new Date(now) - Date.now();
  };
  const writeTimes = (within) => {
    const now = new Date(Date.now() + ahead);
    for (const each of within.querySelectorAll("time, [data-as]")) {
      const text = shown(new Date(each.dateTime || each.dataset.at), each.dataset.as || "ago", now);
      if (each.textContent !== text) each.textContent = text;
      if (!each.title && each.dateTime) each.title = new Date(each.dateTime).toUTCString();
    }
  };

  // ── Morph: make one tree like another and leave what is the same alone, so that selection, scroll, focus, what was
  // typed and what was opened stay. `data-keep` is left alone altogether; an id finds a row that has moved.
  const morph = (from, to) => {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) return from.replaceWith(document.importNode(to, true));
    if (from.nodeType !== 1) return void (from.nodeValue = to.nodeValue);
    if ("keep" in from.dataset) return;
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(name === "open" && (from.nodeName === "DETAILS" || from.nodeName === "DIALOG"))) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    const wanted = new Set([...to.children].map((each) => each.id).filter(Boolean));
    let at = from.firstChild;
    for (const next of [...to.childNodes]) {
      const known = next.id && [...from.children].find((each) => each.id === next.id);
      if (known && known !== at) from.insertBefore(known, at);
      else if (!known && (!at || (at.id && (next.id || wanted.has(at.id))))) {
        from.insertBefore(document.importNode(next, true), at);
        continue;
      }
      const here = known || at;
      at = here.nextSibling;
      morph(here, next);
    }
    while (at) {
      const last = at;
      at = at.nextSibling;
      last.remove();
    }
  };

  // ── Refresh: what has `data-every` is asked for again after so many seconds, from `data-src` or this page's address.
  // One request at a time, only while the page is visible and not paused. 304 means that nothing has changed.
  let request = null;
  let wait = 1;
  const due = new WeakMap();
  const isLive = () => (chosen("live") || root.dataset.live) !== "off";
  const plan = (element) => due.set(element, Date.now() + 1000 * Number(element.dataset.every) * wait);
  const refresh = async (element, address = following(element) || element.dataset.src || location.href, take = taker(element)) => {
    request?.abort();
    const mine = (request = new AbortController());
    try {
      const headers = { "X-Nightshift-Poll": "1" };
      if (element.dataset.tag && take !== earlier) headers["If-None-Match"] = element.dataset.tag;
      const answer = await fetch(address, { headers, signal: mine.signal });
      if (answer.status === 401) return location.reload();
      if (answer.status !== 304 && !answer.ok && answer.status !== 404) throw new Error(answer.status);
      if (answer.status !== 304) take(element, await answer.text());
      if (wait > 1) status.textContent = "Up to date again.";
      wait = 1;
    } catch (error) {
      if (error.name === "AbortError") return;
      wait = Math.min(wait * 2, 16);
      status.textContent = "The site doesn't answer. This page tries again by itself.";
    } finally {
      if (request === mine) request = null;
    }
    plan(element);
  };
  const swap = (element, text) => {
    const found = new DOMParser().parseFromString(text, "text/html").getElementById(element.id);
    if (!found) return location.reload();
    const before = element.dataset.says;
    writeTimes(found);
    morph(element, found);
    setClock();
    if (element.dataset.says !== before) status.textContent = element.dataset.says || "";
    document.dispatchEvent(new CustomEvent("nightshift:swapped"));
  };

  // ── Output: while its end is in view, what comes after it is added; what is earlier, when its link is followed.
  const MOST_LINES = 5000;
  const isLines = (element) => "lines" in element.dataset;
  const following = ({ dataset }) => "lines" in dataset && `${dataset.src}?${new URLSearchParams({ after: dataset.again, style: dataset.style })}`;
  const taker = (element) => (isLines(element) ? later : swap);
  const isAtEnd = (box) => {
    const isTail = getComputedStyle(box).flexDirection === "column-reverse";
    return (isTail ? -box.scrollTop : box.scrollHeight - box.clientHeight - box.scrollTop) < 8;
  };
  const listIn = (text) => {
    const list = document.importNode(new DOMParser().parseFromString(text, "text/html").querySelector("ol.lines"), true);
    if (!list) location.reload();
    writeTimes(list);
    return list;
  };
  const later = (box, text) => {
    const list = listIn(text);
    const wasAtEnd = isAtEnd(box);
    for (const each of box.querySelectorAll(".unfinished, p")) each.remove();
    box.firstElementChild.append(list);
    for (const name of ["again", "style", "tag"]) box.dataset[name] = list.dataset[name];
    if ("wait" in list.dataset) box.dataset.every = list.dataset.wait;
    else delete box.dataset.every;
    const lists = [...box.querySelectorAll("ol")];
    let count = box.querySelectorAll("li").length;
    while (lists.length > 1 && count > MOST_LINES) {
      count -= lists[0].children.length;
      lists.shift().remove();
      linkEarlier(box, lists[0].dataset.earlier);
    }
    if (wasAtEnd && box.classList.contains("tail")) box.scrollTop = 0;
    if (box.dataset.every === "0" && list.children.length) setTimeout(tick, 100);
  };
  const earlier = (box, text) => {
    const list = listIn(text);
    const link = box.querySelector("a[data-earlier]");
    link.after(list);
    linkEarlier(box, list.dataset.earlier);
    box.focus();
  };
  const linkEarlier = (box, address) => {
    let link = box.querySelector("a[data-earlier]");
    if (!address) return link?.remove();
    if (!link) {
      link = document.createElement("a");
      link.className = "button";
      link.textContent = "Earlier";
      link.dataset.earlier = "";
      box.firstElementChild.prepend(link);
    }
    link.href = address;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-earlier]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    refresh(link.closest("[data-lines]"), link.href, earlier);
  });

  // ── Tell me when it ends: by this tab's title, and by a notification where the browser may show one. Whoever asked
  // for that is told also while the page is hidden, so it goes on asking until then.
  let telling = false;
  const mayNotify = () => "Notification" in window && Notification.permission === "granted";
  const offerToTell = () => {
    for (const button of document.querySelectorAll("button[data-tell]")) {
      button.hidden = false;
      button.setAttribute("aria-pressed", telling);
    }
  };
  const tell = (says) => {
    document.title = `● ${says}`;
    try {
      if (mayNotify()) new Notification(says, { tag: location.pathname });
    } catch {
      // Some phones show notifications of service workers only: the title has it.
    }
  };
  document.addEventListener("click", async (event) => {
    if (!event.target.closest?.("button[data-tell]")) return;
    if (!isLive()) return void (status.textContent = "Live is off, so this page doesn't see the end. Turn it on first.");
    telling = !telling;
    offerToTell();
    if (telling && "Notification" in window && Notification.permission === "default") await Notification.requestPermission();
    if (!telling) status.textContent = "You aren't told.";
    else status.textContent = `While this page is open, ${mayNotify() ? "a notification and " : ""}the title of this tab will tell you.`;
  });
  document.addEventListener("nightshift:swapped", () => {
    offerToTell();
    const main = document.querySelector("main");
    if (!telling || "every" in main.dataset) return;
    telling = false;
    tell(main.dataset.says);
  });

  const tick = () => {
    if (document.hidden && !telling) return;
    writeTimes(document);
    const isOn = isLive();
    if ((root.dataset.live === "on") !== isOn) show("live", isOn ? "on" : "off");
    if (!isOn || request) return;
    for (const element of document.querySelectorAll("[data-every]")) {
      if (!due.has(element)) plan(element);
      else if (isLines(element) && !isAtEnd(element)) continue;
      else if (due.get(element) <= Date.now()) return void refresh(element);
    }
  };

  // ── Choices: theme, times, keys, live.
  const show = (name, value) => {
    root.dataset[name] = value;
    const buttons = document.querySelectorAll(`[data-preferences] button[name=${name}]`);
    for (const button of buttons) {
      // One button alone turns on and off.
      const isToggle = buttons.length === 1;
      if (isToggle) button.value = value === "on" ? "off" : "on";
      button.setAttribute("aria-pressed", isToggle ? value === "on" : button.value === value);
    }
    writeTimes(document);
  };
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if ("preferences" in event.target.dataset && button?.name) {
      event.preventDefault();
      keep(button.name, button.value);
      show(button.name, button.value);
    } else if ("filter" in event.target.dataset) {
      event.preventDefault();
      filter(event.target);
    }
  });

  // ── Filter as you type: the form's address, without a new page.
  let typing = 0;
  const filter = (form) => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const address = `${form.getAttribute("action") || location.pathname}?${query}`.replace(/\?$/, "");
    history.replaceState(null, "", address);
    const main = document.querySelector("main");
    delete main.dataset.tag;
    refresh(main, address);
  };
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !("filter" in form.dataset)) return;
    clearTimeout(typing);
    typing = setTimeout(filter, 200, form);
  });

  // ── Check as you type: what a form would do is asked for, and stands in the element that it names. Nothing is done.
  let pausing = 0;
  let latest = 0;
  const check = async (form) => {
    const mine = ++latest;
    const body = new FormData(form);
    body.set("check", "1");
    const answer = await fetch(location.href, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || mine !== latest) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of [document.getElementById(form.dataset.check), ...form.querySelectorAll(".mark[id]")]) {
      const now = found.getElementById(old.id);
      if (now) morph(old, now);
    }
  };
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !("check" in form.dataset)) return;
    clearTimeout(pausing);
    pausing = setTimeout(check, 400, form);
  });

  // ── Keys: off while typing, and where they are turned off.
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const pressed = before + event.key;
    before = event.key === "g" ? "g" : "";
    const link = document.querySelector(`a[data-keys="${CSS.escape(pressed)}"]`);
    const search = document.querySelector("main input[type=search]");
    if (link) link.click();
    else if (event.key === "/" && search) (event.preventDefault(), search.focus(), search.select());
    // A page without a search leads to that of the jobs.
    else if (event.key === "/") (event.preventDefault(), location.assign(`${document.querySelector('a[data-keys="gj"]').href}#q`));
    else if (event.key === "?") document.getElementById("keys")?.showModal();
    else if (pressed === "r") {
      const main = document.querySelector("main");
      delete main.dataset.tag;
      refresh(main);
    }
  });
  // An open menu closes where a person goes on.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  });

  setClock();
  writeTimes(document);
  offerToTell();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
})();

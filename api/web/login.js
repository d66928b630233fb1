// The key or token by which the dashboard asks. It lasts as long as the tab, and goes nowhere but into a header.
// SPDX-License-Identifier: Apache-2.0
import { make, setText } from "./dom.js";
import { t } from "./language.js";

const place = "weir-key";
let held = "";
try { held = sessionStorage.getItem(place) ?? ""; } catch { /* private windows: it lasts as long as the page */ }

export const credentials = () => (held ? { Authorization: `Bearer ${held}` } : {});

function hold(key) {
  held = key;
  try { sessionStorage.setItem(place, key); } catch { /* as above */ }
  dispatchEvent(new Event("weir-signed-in"));
}

export function forget() {
  held = "";
  try { sessionStorage.removeItem(place); } catch { /* as above */ }
}

let dialog = null;

// Asks for a key, once at a time; then() is called when the door has taken one.
export function askForKey(then) {
  if (dialog) return;
  const key = make("input", { type: "password", id: "key", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "key-error" });
  const error = make("p", { class: "note", id: "key-error", role: "alert" }, held ? t("The key is not valid any more.") : "");
  const submit = async (event) => {
    event.preventDefault();
    const given = key.value.trim();
    const answer = await fetch("/v1", { headers: { Authorization: `Bearer ${given}` }, cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) return setText(error, t("Nobody is known by this key."));
    if (!answer) return setText(error, t("The server cannot be reached."));
    hold(given);
    dialog.close();
    dialog.remove();
    dialog = null;
    then();
  };
  dialog = make("dialog", { class: "card login", "aria-labelledby": "login-title" }, make("form", { onsubmit: submit },
    make("h1", { id: "login-title" }, t("Sign in")), make("label", { class: "field grow" }, t("API key or token"), key), error,
    make("button", { class: "button primary", type: "submit" }, t("Sign in"))));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
}

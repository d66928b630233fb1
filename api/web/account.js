// With access on: the way out, and links of the footer that go with the key.
// SPDX-License-Identifier: Apache-2.0
import { ask } from "./api.js";
import { credentials, forget } from "./login.js";

const isSignedIn = () => "Authorization" in credentials();

// A link cannot carry the key, so what it leads to is fetched with it and opened from here.
async function openWithKey(event) {
  if (!isSignedIn()) return;
  event.preventDefault();
  const page = open("", "_blank");
  const response = await ask(event.currentTarget.href);
  const content = new Blob([await response.text()], { type: "text/plain; charset=utf-8" });
  const address = URL.createObjectURL(content);
  if (page) page.location = address;
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

export function showAccount() {
  const out = document.getElementById("sign-out");
  const show = () => { out.hidden = !isSignedIn(); };
  out.addEventListener("click", () => { forget(); location.reload(); });
  for (const link of document.querySelectorAll("footer a")) link.addEventListener("click", openWithKey);
  addEventListener("weir-signed-in", show);
  show();
}

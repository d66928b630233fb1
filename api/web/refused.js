// What a page says instead of its content: that the role may not see it, or what went wrong.
// SPDX-License-Identifier: Apache-2.0
import { make } from "./dom.js";
import { t } from "./language.js";

export function refused(problem) {
  const isForbidden = problem.code === "forbidden";
  return make("div", { class: "notice", role: "alert" },
    make("b", {}, isForbidden ? t("Not for this role") : t("Not answered")), make("p", {}, isForbidden ? t("The key you signed in with may not see this. An administrator of this instance can change its role.") : problem.message));
}

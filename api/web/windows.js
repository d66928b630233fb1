// Rows of a window view as points of a chart: the numbers of all keys that fall into a window, added up.
// SPDX-License-Identifier: Apache-2.0
const numbersOf = (value) => (typeof value === "number" ? [["value", value]] : Object.entries(value ?? {}).filter(([, field]) => typeof field === "number"));

export function fieldsOf(rows) {
  return [...new Set(rows.flatMap((row) => numbersOf(row.value).map(([name]) => name)))];
}

export function pointsOf(rows, fields) {
  const sums = new Map();
  for (const row of rows) {
    const time = Date.parse(row.window.start);
    const values = sums.get(time) ?? fields.map(() => null);
    for (const [name, number] of numbersOf(row.value)) {
      const i = fields.indexOf(name);
      if (i >= 0) values[i] = (values[i] ?? 0) + number;
    }
    sums.set(time, values);
  }
  return [...sums].sort(([a], [b]) => a - b).map(([time, values]) => ({ time, values }));
}

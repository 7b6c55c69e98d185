// Copies the named files of node_modules to static/vendor/<name>-<version>/, builds the icon sprite, and writes
// static/vendor/manifest.json with the SHA-256 of every file.  Node built-ins only.
//
//   npm ci --ignore-scripts && node vendor.mjs           write static/vendor anew
//   npm ci --ignore-scripts && node vendor.mjs --check   write nothing; fail where static/vendor differs
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "../static/vendor");

// Name in asset(), package, file in it, file in static/vendor, and the licences of all that is in it: a package of which
// something is built into the file, whose LICENSE is taken; or, where the package has no such file and says MIT in its
// package.json, whose copyright that is: as the file's own banner, or its author's repository, has it.
const FILES = [
  ["tabler.css", "@tabler/core", "dist/css/tabler.min.css", "tabler.min.css", [
    { of: "@tabler/core", mit: ["2018-2026 The Tabler Authors", "2018-2026 codecalm.net Paweł Kuna"] },
    { of: "Bootstrap 5, which Tabler is made from", mit: ["2011-2025 The Bootstrap Authors"] },
  ]],
  ["htmx", "htmx.org", "dist/htmx.min.js", "htmx.min.js", ["htmx.org"]],
  ["alpine", "@alpinejs/csp", "dist/cdn.min.js", "alpine-csp.min.js", [
    { of: "@alpinejs/csp", mit: ["2019-2021 Caleb Porzio and contributors"] }, "@vue/reactivity", "@vue/shared",
  ]],
  ["uplot", "uplot", "dist/uPlot.iife.min.js", "uPlot.iife.min.js", ["uplot"]],
  ["uplot.css", "uplot", "dist/uPlot.min.css", "uPlot.min.css", ["uplot"]],
];
const ICONS = "@tabler/icons";
const mit = (whose) => `MIT License

${whose.map((one) => `Copyright (c) ${one}`).join("\n")}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

const inPackage = (name, file) => join(HERE, "node_modules", name, file);
const versionOf = (name) => JSON.parse(readFileSync(inPackage(name, "package.json"), "utf8")).version;
const folderOf = (name) => `${name.replace("@", "").replace("/", "-")}-${versionOf(name)}`;
// A map of the source is not shipped, so nobody is to be sent for it.
const withoutMap = (bytes) => Buffer.from(bytes.toString("utf8").replace(/\n?\/[/*]# sourceMappingURL=[^\n]*/g, ""));

// One text is taken as it is; several stand below each other, each under the name of what it is for.
function licence(parts) {
  const texts = parts.map((part) => (part.mit
    ? { name: part.of, text: mit(part.mit) }
    : { name: part, text: readFileSync(inPackage(part, "LICENSE"), "utf8") }));
  for (const { of: name, mit: whose } of parts) {
    const made = whose && name.startsWith("@") ? JSON.parse(readFileSync(inPackage(name, "package.json"), "utf8")) : null;
    if (made && made.license !== "MIT") {
      throw new Error(`${name} is under ${made.license}, and not MIT as this script says`);
    }
  }
  return Buffer.from(texts.length === 1 ? texts[0].text
    : texts.map(({ name, text }) => `${name}\n${"=".repeat(name.length)}\n\n${text.trim()}\n`).join("\n"));
}

function sprite() {
  const names = readFileSync(join(HERE, "icons.txt"), "utf8").split("\n").filter(Boolean);
  const symbols = names.map((name) => {
    const svg = readFileSync(inPackage(ICONS, `icons/outline/${name}.svg`), "utf8");
    const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ` +
      `stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

function wanted() {
  const files = new Map();
  const assets = {};
  for (const [asset, name, from, to, parts] of FILES) {
    const folder = folderOf(name);
    files.set(`${folder}/${to}`, withoutMap(readFileSync(inPackage(name, from))));
    files.set(`${folder}/LICENSE`, licence(parts));
    assets[asset] = `${folder}/${to}`;
  }
  const icons = folderOf(ICONS);
  files.set(`${icons}/sprite.svg`, sprite());
  files.set(`${icons}/LICENSE`, licence([ICONS]));
  assets.icons = `${icons}/sprite.svg`;
  const hashes = {};
  for (const file of [...files.keys()].sort()) {
    hashes[file] = createHash("sha256").update(files.get(file)).digest("hex");
  }
  files.set("manifest.json", Buffer.from(`${JSON.stringify({ assets, files: hashes }, null, 2)}\n`));
  return files;
}

function present() {
  try {
    return readdirSync(TARGET, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(TARGET, join(entry.parentPath ?? entry.path, entry.name)));
  } catch {
    return [];
  }
}

const files = wanted();
if (process.argv.includes("--check")) {
  const there = new Set(present());
  const wrong = [...files].filter(([file, bytes]) => !there.has(file) || !readFileSync(join(TARGET, file)).equals(bytes))
    .map(([file]) => file);
  const extra = [...there].filter((file) => !files.has(file));
  for (const file of [...wrong, ...extra]) {
    console.error(`static/vendor/${file} is not what assets/vendor.mjs makes`);
  }
  process.exit(wrong.length || extra.length ? 1 : 0);
}
rmSync(TARGET, { recursive: true, force: true });
for (const [file, bytes] of files) {
  mkdirSync(dirname(join(TARGET, file)), { recursive: true });
  writeFileSync(join(TARGET, file), bytes);
}
console.log(`${files.size} files in static/vendor`);

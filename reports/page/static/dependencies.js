// Reads dependency files in the page. Input: the text. Output: {kind, packages: {name: version or constraint}}.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const requirement = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(?:\(?\s*((?:===|==|~=|!=|<=|>=|<|>|\^)[^;#()]*)\)?)?\s*(?:@[^;]*)?(?:;.*)?$/;
  const clean = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");

  matrix.readDependencies = (text) => {
    const plain = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
    if (/^\s*\[\[package\]\]/m.test(plain)) {
      return { kind: /^\s*(content-hash|\[metadata\])/m.test(plain) ? "poetry.lock" : "uv.lock", packages: readLock(plain) };
    }
    if (/^\s*\[(project|tool\.|dependency-groups|build-system)/m.test(plain)) return { kind: "pyproject.toml", packages: readProject(plain) };
    return { kind: "requirements", packages: readRequirements(plain) };
  };

  function readLock(text) {
    const packages = {};
    for (const block of text.split(/^\s*\[\[package\]\]\s*$/m).slice(1)) {
      const name = /^\s*name\s*=\s*"([^"]+)"/m.exec(block), version = /^\s*version\s*=\s*"([^"]+)"/m.exec(block);
      if (name) packages[clean(name[1])] = version ? `==${version[1]}` : "";
    }
    return packages;
  }

  function readRequirements(text) {
    const packages = {};
    for (const line of text.replace(/\\\n/g, " ").split("\n")) addRequirement(packages, line.replace(/(^|\s)#.*$/, "").replace(/\s--?[a-z].*$/, ""));
    return packages;
  }

  function addRequirement(packages, text) {
    if (/^\s*-/.test(text)) return;
    const found = requirement.exec(text);
    if (!found) return;
    packages[clean(found[1])] = (found[3] ?? "").trim();
    if (/\basyncio\b/i.test(found[2] ?? "")) packages["sqlalchemy[asyncio]"] = "";
    if (/\bsqlalchemy\b/i.test(found[2] ?? "")) packages.sqlalchemy ??= ""; // litestar[sqlalchemy]
  }

  // Only what names a dependency: quoted requirement strings in the known lists, and Poetry's tables.
  function readProject(text) {
    const packages = {};
    for (const [header, body] of splitTables(text)) {
      if (header === "project") addStrings(packages, /^\s*dependencies\s*=\s*\[((?:[^\]"'#]|"[^"\n]*"|'[^'\n]*'|#.*)*)\]/m.exec(body)?.[1]);
      else if (header === "project.optional-dependencies" || header === "dependency-groups") addStrings(packages, body);
      else if (/^tool\.poetry\.(group\..+\.)?(dev-)?dependencies$/.test(header)) addPoetry(packages, body);
    }
    delete packages.python;
    return packages;
  }

  function splitTables(text) {
    const parts = text.split(/^\s*\[\[?([^[\]"']+)\]\]?\s*(?:#.*)?$/m);
    const tables = [];
    for (let i = 1; i < parts.length; i += 2) tables.push([parts[i].trim(), parts[i + 1]]);
    return tables;
  }

  function addStrings(packages, text = "") {
    for (const found of text.replace(/^\s*#.*$/gm, "").replace(/\{[^}]*\}/g, "").matchAll(/"([^"\n]*)"|'([^'\n]*)'/g)) addRequirement(packages, found[1] ?? found[2]);
  }

  function addPoetry(packages, text) {
    for (const line of text.split("\n")) {
      const found = /^\s*"?([A-Za-z0-9][A-Za-z0-9._-]*)"?\s*=\s*(.*)$/.exec(line);
      if (!found) continue;
      const version = /^"([^"]*)"/.exec(found[2]) ?? /version\s*=\s*"([^"]*)"/.exec(found[2]);
      const wanted = version?.[1] ?? "";
      packages[clean(found[1])] = /^\d/.test(wanted) ? `==${wanted}` : wanted === "*" ? "" : wanted;
      if (/extras\s*=\s*\[[^\]]*asyncio/.test(found[2])) packages["sqlalchemy[asyncio]"] = "";
    }
  }

  const numbers = (version) => version.split(/[.+-]/).map((part) => parseInt(part, 10)).filter((part) => !Number.isNaN(part));

  function compare(a, b, length = Math.max(a.length, b.length)) {
    for (let i = 0; i < length; i += 1) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) - (b[i] ?? 0);
    return 0;
  }

  // Does a version satisfy a constraint such as ">=1.4,<2" , "^1.4", "~=1.4" or "==1.4.*"?
  matrix.satisfies = (version, constraint) => constraint.split(",").map((part) => part.trim()).filter(Boolean).every((part) => {
    const [, sign, wanted] = /^(===|==|~=|!=|<=|>=|<|>|\^|~)?\s*(.*)$/.exec(part);
    const have = numbers(version), want = numbers(wanted), order = compare(have, want);
    switch (sign) {
      case ">=": return order >= 0;
      case ">": return order > 0;
      case "<=": return order <= 0;
      case "<": return order < 0;
      case "!=": return wanted.endsWith("*") ? compare(have, want, want.length) !== 0 : order !== 0;
      case "~=": return order >= 0 && compare(have, want, want.length - 1) === 0;
      case "~": return order >= 0 && compare(have, want, Math.min(2, want.length)) === 0;
      case "^": return order >= 0 && compare(have, want, want[0] === 0 ? 2 : 1) === 0;
      default: return compare(have, want, Math.min(2, want.length)) === 0; // an exact pin: the line is what counts
    }
  });
})();

// From a dependency file to the finder's choices: SQLAlchemy line, driver, database, framework. Says what it read.
"use strict";
(() => {
  const matrix = window.isolationMatrix;
  const data = matrix.take("index");
  if (!data || !matrix.finder) return;
  const { form, answer, ready, lines, addChoice } = matrix.finder;
  const area = document.getElementById("deps"), status = document.getElementById("read");

  const drivers = {
    "psycopg2": ["psycopg2"], "psycopg2-binary": ["psycopg2"], "psycopg": ["psycopg", "psycopg async"], "psycopg-binary": ["psycopg", "psycopg async"],
    "asyncpg": ["asyncpg"], "pg8000": ["pg8000"], "pymysql": ["pymysql"], "aiomysql": ["aiomysql"], "asyncmy": ["asyncmy"],
    "mysqlclient": ["mysqldb"], "mysql-connector-python": ["mysqlconnector"], "mariadb": ["mariadbconnector"],
  };
  const products = { psycopg: "postgresql", asyncpg: "postgresql", pg8000: "postgresql", mariadbconnector: "mariadb" };
  const frameworks = [
    ["flask", ["flask-sqlalchemy", "flask-sqlalchemy-lite"]], ["fastapi", ["fastapi", "sqlmodel", "starlette"]],
    ["pyramid", ["pyramid", "zope-sqlalchemy", "pyramid-basemodel"]],
  ];
  const asyncTools = ["pytest-asyncio", "anyio", "fastapi", "aiohttp", "sqlalchemy[asyncio]"];
  const isAsync = (driver) => /^(asyncpg|aiomysql|asyncmy|psycopg async)$/.test(driver);
  const productOf = (driver) => products[driver.split(" ")[0]] ?? (driver.startsWith("psycopg") ? "postgresql" : "mysql");

  function chooseLine(packages, driver) {
    const constraint = packages.sqlalchemy;
    const fit = lines.filter((line) => ready.some((stack) => stack.line === line && matrix.satisfies(stack.sqlalchemy, constraint)));
    const newest = fit.length ? Math.max(...fit.map((line) => parseFloat(line))) : null;
    const same = lines.filter((line) => parseFloat(line) === newest);
    return same.find((line) => ready.some((stack) => stack.line === line && stack.driver === driver)) ?? same[0] ?? "";
  }

  function chooseDriver(packages) {
    const found = [...new Set(Object.keys(packages).flatMap((name) => drivers[name] ?? []))];
    const wantsAsync = asyncTools.some((name) => name in packages);
    found.sort((a, b) => (isAsync(b) === wantsAsync) - (isAsync(a) === wantsAsync));
    return { driver: found[0] ?? "", others: found.slice(1).filter((name) => name.split(" ")[0] !== found[0].split(" ")[0]) };
  }

  function chooseDatabase(driver, line) {
    if (!driver) return "";
    const fits = ready.filter((stack) => stack.product === productOf(driver) || (stack.product === "mariadb" && productOf(driver) === "mysql"));
    const now = form.elements.database.value;
    if (fits.some((stack) => stack.database === now)) return now;
    const own = fits.filter((stack) => stack.product === productOf(driver));
    return (own.filter((stack) => stack.driver === driver && stack.line === line).pop() ?? own.pop() ?? fits.pop())?.database ?? "";
  }

  function chooseFamily(packages, driver) {
    const framework = frameworks.find(([family, names]) => family in data.families && names.some((name) => name in packages));
    return framework?.[0] ?? (driver ? (isAsync(driver) ? "asyncio" : "plain") : "");
  }

  function set(name, value) {
    addChoice(name, value);
    form.elements[name].value = value;
  }

  // The release that is pinned: its line is what counts, and the answer says what differs.
  const findPin = (constraint) => /^={2,3}\s*(\d+\.\d+[\w.+!-]*)$/.exec(constraint)?.[1] ?? "";

  function read(text) {
    if (!text.trim()) { status.textContent = ""; return; }
    const { kind, packages } = matrix.readDependencies(text);
    const count = Object.keys(packages).filter((name) => !name.includes("[")).length;
    if (!("sqlalchemy" in packages)) {
      status.textContent = count ? `Read ${count} packages (${kind}); SQLAlchemy is not among them.` : "No package was recognised in this text.";
      return;
    }
    const { driver, others } = chooseDriver(packages);
    const line = chooseLine(packages, driver);
    set("line", line);
    form.elements.version.value = line ? findPin(packages.sqlalchemy) : "";
    set("driver", driver);
    set("database", chooseDatabase(driver, line));
    set("family", chooseFamily(packages, driver) in data.families ? chooseFamily(packages, driver) : "");
    status.textContent = describe(kind, count, packages, line, driver, others);
    answer();
  }

  function describe(kind, count, packages, line, driver, others) {
    const parts = [`Read ${count} packages (${kind}): SQLAlchemy ${packages.sqlalchemy.replace(/^=+/, "") || "of any version"}`];
    if (!line) parts.push("a line that no stack has");
    parts.push(driver ? `driver ${driver}` : "no driver that is known here, choose one above");
    if (others.length) parts.push(`also ${others.join(", ")}`);
    const plugin = packages["pytest-asyncio"];
    if (plugin) parts.push(`pytest-asyncio ${plugin.replace(/^=+/, "")}`);
    return `${parts.join("; ")}. The database's version is not in such files: check it above.`;
  }

  area.addEventListener("input", () => read(area.value));
  const zone = document.getElementById("paste");
  zone.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("dragging"); });
  zone.addEventListener("dragleave", () => area.classList.remove("dragging"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    area.classList.remove("dragging");
    const file = event.dataTransfer.files[0];
    area.value = file ? await file.text() : event.dataTransfer.getData("text");
    read(area.value);
  });
})();

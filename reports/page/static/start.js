// Runs before the first paint: the chosen theme, and the place where data scripts hand over their value.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* storage may be forbidden; the system's theme is used */ }

  const values = new Map();
  const loading = new Map();
  const allowed = /^data\/(cells\/)?[A-Za-z0-9._-]+\.js$/;
  const policy = window.trustedTypes?.createPolicy("isolation-matrix", { createScriptURL: checkAddress });

  function checkAddress(file) {
    if (!allowed.test(file)) throw new TypeError(`not a data script: ${file}`);
    return document.body.dataset.root + file;
  }

  function receive(kind, key, value) {
    values.set(`${kind} ${key}`, value);
  }

  function take(kind, key = "") {
    return values.get(`${kind} ${key}`);
  }

  // Resolves to the value that data/<file> hands over for (kind, key). fetch() does not work on file://, scripts do.
  function load(kind, key, file) {
    const name = `${kind} ${key}`;
    if (!loading.has(name)) loading.set(name, values.has(name) ? Promise.resolve(values.get(name)) : request(name, file));
    return loading.get(name);
  }

  function request(name, file) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.onload = () => (values.has(name) ? resolve(values.get(name)) : reject(new Error(`${file} holds no ${name}`)));
      script.onerror = () => reject(new Error(`${file} could not be read`));
      script.src = policy ? policy.createScriptURL(file) : checkAddress(file);
      document.head.append(script);
    });
  }

  window.isolationMatrix = { receive, take, load };
})();

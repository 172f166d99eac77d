// npm's solc (the real compiler, as WebAssembly) behind the options of native solc that
// ape-solidity uses: `--version`, and `--standard-json` with `--base-path`.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");
const solc = require("solc");

const PROJECT = path.dirname(__dirname);

// Ape compiles in a temporary copy of contracts/, which has no node_modules: libraries are
// read from the project, everything else from the copy.
function importFrom(basePath) {
  return (name) => {
    const root = name.startsWith("node_modules/") ? PROJECT : basePath;
    const file = path.resolve(root, name);
    if (!file.startsWith(root + path.sep)) {
      return { error: `${name} lies outside ${root}` };
    }
    try {
      return { contents: fs.readFileSync(file, "utf8") };
    } catch (error) {
      return { error: error.message };
    }
  };
}

const { values: options } = parseArgs({
  options: {
    version: { type: "boolean" },
    "standard-json": { type: "boolean" },
    "base-path": { type: "string", default: process.cwd() },
  },
});

if (options.version) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (options["standard-json"]) {
  const input = fs.readFileSync(0, "utf8");
  const basePath = path.resolve(options["base-path"]);
  process.stdout.write(solc.compile(input, { import: importFrom(basePath) }));
} else {
  console.error("solc: only --version and --standard-json are supported here");
  process.exitCode = 1;
}

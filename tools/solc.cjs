#!/usr/bin/env node
// npm's solc (the real compiler, as WebAssembly) behind the options of native solc that
// ape-solidity uses: `--version`, and `--standard-json` with `--base-path`. Set-up links it as
// .tools/solc/solc-vX.Y.Z, beside the answer to --version and perhaps a native solc of that build.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");

const PROJECT = path.dirname(__dirname);
const VERSION = path.join(PROJECT, ".tools/solc/version");
const NATIVE = path.join(PROJECT, ".tools/solc/native");

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

function versionReport() {
  if (fs.existsSync(VERSION)) {
    return fs.readFileSync(VERSION, "utf8");
  }
  const version = require("solc").version();
  return `solc, the solidity compiler commandline interface\nVersion: ${version}\n`;
}

function compile(options) {
  if (fs.existsSync(NATIVE)) {
    const arguments_ = ["--include-path", PROJECT, ...process.argv.slice(2)];
    return spawnSync(NATIVE, arguments_, { stdio: "inherit" }).status ?? 1;
  }
  const input = fs.readFileSync(0, "utf8");
  const basePath = path.resolve(options["base-path"]);
  process.stdout.write(require("solc").compile(input, { import: importFrom(basePath) }));
  return 0;
}

const { values: options } = parseArgs({
  options: {
    version: { type: "boolean" },
    "standard-json": { type: "boolean" },
    "base-path": { type: "string", default: process.cwd() },
    "include-path": { type: "string", multiple: true }, // forge gives these; imports are
    "allow-paths": { type: "string" }, // confined to the two folders above anyway
  },
});

if (options.version) {
  process.stdout.write(versionReport());
} else if (options["standard-json"]) {
  process.exitCode = compile(options);
} else {
  console.error("solc: only --version and --standard-json are supported here");
  process.exitCode = 1;
}

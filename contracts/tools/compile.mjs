// Compiles the contracts and writes their artifacts: `node tools/compile.mjs [FOLDER]`, by default into the package.
// The output depends on the sources, the compiler and the settings only, byte for byte.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const published = ["DemoToken", "DonationRound", "MatchingPayout", "SignatureCheck"];
const doubles = ["HostileToken", "SmartAccount"];
const settings = { evmVersion: "cancun", optimizer: { enabled: true, runs: 10000 } };

const read = (path) => {
  const file = path.startsWith("@openzeppelin/") ? join("node_modules", path) : path;
  return readFileSync(join(root, file), "utf8");
};
const listed = (folder) =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith(".sol")).sort().map((name) => `${folder}/${name}`);

const paths = [...listed("src"), ...listed("test/doubles")];
const input = {
  language: "Solidity",
  sources: Object.fromEntries(paths.map((path) => [path, { content: read(path) }])),
  settings: {
    ...settings,
    outputSelection: { "*": { "*": ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: read(path) }) }));
const ours = (fault) => fault.severity === "error" || !fault.sourceLocation?.file.startsWith("@openzeppelin/");
const faults = (output.errors ?? []).filter(ours);
if (faults.length) {
  console.error(faults.map((fault) => fault.formattedMessage).join("\n"));
  process.exit(1);
}

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const artifact = (path, name) => {
  const { abi, metadata, evm } = output.contracts[path][name];
  const sources = Object.keys(JSON.parse(metadata).sources).sort();
  return {
    name,
    compiler: solc.version(),
    settings,
    source_sha256: sha256(sources.map((source) => `${sha256(read(source))}  ${source}\n`).join("")),
    sources: Object.fromEntries(sources.map((source) => [source, sha256(read(source))])),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    runtime: `0x${evm.deployedBytecode.object}`,
    immutables: Object.values(evm.deployedBytecode.immutableReferences ?? {})
      .flat()
      .map(({ start, length }) => [start, length])
      .sort((a, b) => a[0] - b[0]),
  };
};

const write = (folder, name, path) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(artifact(path, name), null, 1)}\n`);
};
const target = process.argv[2] ? resolve(process.argv[2]) : null;
for (const name of published) write(target ?? join(root, "../qf/chain/artifacts"), name, `src/${name}.sol`);
for (const name of doubles) write(target ?? join(root, "test/artifacts"), name, `test/doubles/${name}.sol`);

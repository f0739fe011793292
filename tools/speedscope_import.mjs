// speedscope's importer without its screen, as JSON: for each file its functions
// with own and total weight, over all its profiles.
//
//   node speedscope_import.mjs [--names] RELEASE FILE...
//
// RELEASE: dist/release of the npm package. --names: the profiles' names instead.
//
// What is published is one script for a browser. It runs here in a context in
// which everything of a browser's is there and does nothing, up to where it would
// draw itself; the name of the function that imports is found in it.
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

const nothing = new Proxy(function () {}, {
  get: (_, key) => (key === Symbol.toPrimitive ? () => '' : nothing),
  apply: () => nothing,
  construct: () => nothing,
  set: () => true,
});

function loadImporter(release) {
  const file = fs.readdirSync(release).find((name) => /^speedscope-.*\.js$/.test(name));
  const script = fs.readFileSync(path.join(release, file), 'utf8');
  const importer = script.match(
      /async function (\w+)\(\w+,\w+\)\{return\(await \w+\)\.importProfilesFromArrayBuffer/)[1];
  const drawing = script.lastIndexOf('console.log(`speedscope v');
  const context = vm.createContext({
    console: {log() {}, warn: console.warn, error: console.error},
    document: nothing, navigator: {userAgent: '', platform: ''},
    location: {hash: '', protocol: 'http:'}, localStorage: nothing,
    HTMLElement: class {}, Element: class {}, FileReader: nothing,
    matchMedia: () => nothing, addEventListener() {}, requestAnimationFrame: () => 0,
    TextDecoder, TextEncoder, URL, Blob, atob, btoa, performance, setTimeout,
    clearTimeout, ArrayBuffer, DataView, Uint8Array, Promise,
  });
  vm.runInContext('globalThis.window = globalThis.self = globalThis', context);
  vm.runInContext(
      `${script.slice(0, drawing)}globalThis.importer = ${importer};})();`, context);
  return context.importer;
}

function functionsOf(group) {
  const functions = new Map();
  for (const profile of group.profiles) {
    profile.forEachFrame((frame) => {
      const sum = functions.get(frame.name) ?? {name: frame.name, own: 0, total: 0};
      sum.own += frame.getSelfWeight();
      sum.total += frame.getTotalWeight();
      functions.set(frame.name, sum);
    });
  }
  return [...functions.values()];
}

const names = process.argv[2] === '--names';
const [release, ...files] = process.argv.slice(names ? 3 : 2);
const importer = loadImporter(release);
const result = {};
for (const file of files) {
  const name = path.basename(file);
  const bytes = new Uint8Array(fs.readFileSync(file));
  const group = await importer(name, bytes.buffer);
  if (!group) throw new Error(`speedscope does not know what ${name} is`);
  result[name] = names ? group.profiles.map((profile) => profile.getName()) :
                         functionsOf(group);
}
console.log(JSON.stringify(result));

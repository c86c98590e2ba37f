/**
 * Text of a module that offers the functions of the runtime module `specifier` and loads it at the
 * first call.
 *
 * The runtime's `node:` modules take 5 to 35 ms each to load. Bundling hoists every import to the top
 * of the program, so that without this each start pays for modules that only one command needs.
 * A class is loaded when it is first used or extended. Values that are neither functions, objects,
 * texts nor numbers are left out; an import of one makes the build fail.
 */
export function renderLazyModule(
  specifier: string,
  exports: Readonly<Record<string, unknown>>,
): string {
  const lines = [
    "let loaded;",
    `const real = () => loaded ??= globalThis.process.getBuiltinModule(${
      JSON.stringify(specifier)
    });`,
    "export default new Proxy({}, {",
    "  get: (_, name) => real()[name],",
    "  set: (_, name, value) => Reflect.set(real(), name, value),",
    "  has: (_, name) => name in real(),",
    "});",
    // Written once: a thousand functions of their own would take each start half a millisecond to read.
    "const $call = (name) => (...values) => real()[name](...values);",
    "const $values = (name) => new Proxy({}, { get: (_, key) => real()[name][key] });",
    "const $class = (name) =>",
    "  new Proxy(function () {}, {",
    "    get: (_, key) => real()[name][key],",
    "    apply: (_, self, values) => Reflect.apply(real()[name], self, values),",
    "    construct: (_, values) => Reflect.construct(real()[name], values),",
    "  });",
  ];
  for (const [name, value] of Object.entries(exports)) {
    if (name === "default" || !/^[A-Za-z_$][\w$]*$/.test(name)) continue;
    const text = JSON.stringify(name);
    if (typeof value === "function") {
      lines.push(`export const ${name} = ${isClass(name) ? "$class" : "$call"}(${text});`);
    } else if (typeof value === "string" || typeof value === "number") {
      lines.push(`export const ${name} = ${JSON.stringify(value)};`);
    } else if (typeof value === "object" && value !== null) {
      lines.push(`export const ${name} = $values(${text});`);
    }
  }
  return lines.join("\n") + "\n";
}

function isClass(name: string): boolean {
  return /^[A-Z]/.test(name);
}

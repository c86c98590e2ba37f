const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
const SQLITE_IMPORT_REGEXP = /^import \{ (.*) \} from "node:sqlite";$/gm;

/**
 * Turns the bundled module `program` into the body of an async function with the parameters `sqlite`
 * (the module `node:sqlite`) and `importMeta`, as `loader.js` calls it.
 *
 * `name` is the file name that stack traces show.
 *
 * @throws {SyntaxError} If the program imports anything else, or exports something.
 */
export function toFunctionBody(program: string, name: string): string {
  const body = program
    .replaceAll(SQLITE_IMPORT_REGEXP, (_, names: string) => {
      return `const { ${names.replaceAll(" as ", ": ")} } = sqlite;`;
    })
    .replaceAll(/\bimport\.meta\b/g, "importMeta");
  const text = `"use strict";\n${body}\n//# sourceURL=${name}\n`;
  new AsyncFunction("sqlite", "importMeta", text); // parses it: better here than at a user's
  return text;
}

const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
const PART_IMPORT_REGEXP = /^import \{([^}]*)\} from ("(?:\.\/[^"\n]+|node:sqlite)");$/gm;
const PART_EFFECT_REGEXP = /^import ("\.\/[^"\n]+");$/gm;
const LATE_IMPORT_REGEXP = /\bimport\(("\.\/[^"\n]+")\)/g;
const EXPORT_REGEXP = /^export \{([^}]*)\};$/m;
const DEFAULT_EXPORT_REGEXP = /^export default (.*);$/m;

/** Names of the parameters of what {@linkcode toFunctionBody} makes. */
export const PARAMETERS: readonly string[] = ["$importMeta", "$load"];
/** A variable of that name would be taken instead. */
const PARAMETER_REGEXP = /(?<![\w$])\$(?:importMeta|load)\b(?!\$)/;

/**
 * Turns a bundled module into the body of an async function with the parameters `$importMeta` and
 * `$load` (takes the name of another part, or of `node:sqlite`, returns a promise of what it exports), as
 * `loader.js` calls it. The function returns what the module exports.
 *
 * Imported names are constants there: a part must not change what it exports once it was loaded.
 *
 * `name` is the file name that stack traces show.
 *
 * @throws {SyntaxError} If the module imports anything else, exports in another form, or has such a name of its
 * own.
 */
export function toFunctionBody(program: string, name: string): string {
  if (PARAMETER_REGEXP.test(program)) {
    throw new SyntaxError(`Cannot build: ${name} has one of the names ${PARAMETERS.join(", ")}`);
  }
  let exported = "";
  const body = program
    .replaceAll(PART_IMPORT_REGEXP, (_, names: string, part: string) => {
      return `const { ${toPattern(names)} } = await $load(${part});`;
    })
    .replaceAll(PART_EFFECT_REGEXP, "await $$load($1);")
    .replaceAll(LATE_IMPORT_REGEXP, "$$load($1)")
    .replace(EXPORT_REGEXP, (_, names: string) => {
      exported += names.split(",").map((pair) => {
        const [own, other] = pair.trim().split(" as ");
        return `${other ?? own}: ${own}, `;
      }).join("");
      return "";
    })
    .replace(DEFAULT_EXPORT_REGEXP, (_, value: string) => {
      exported += "default: defaultExport, ";
      return `const defaultExport = ${value};`;
    })
    .replaceAll(/\bimport\.meta\b/g, "$$importMeta");
  const result = exported === "" ? "" : `return { ${exported}};\n`;
  const text = `"use strict";\n${body}\n${result}//# sourceURL=${name}\n`;
  new AsyncFunction(...PARAMETERS, text); // parses it: better here than at a user's
  return text;
}

/** `a, b as c` as a pattern of assignment. */
function toPattern(names: string): string {
  return names.trim().replaceAll(" as ", ": ");
}

import { stripTypeScriptTypes } from "node:module";
import { findFiles } from "../find_files.ts";

/** Why the modules of a place have no tests of their own. */
export interface Reason {
  /** A module, or a folder of modules with `/` at its end, in the project; `*` is any one name. */
  readonly path: string;
  /** What tests them instead, or why nothing need do so. */
  readonly reason: string;
}

/** Which modules have their test where it is looked for. */
export interface Mirrors {
  /** How many have logic of their own, and tests/<same path>_test.ts. */
  readonly mirrored: number;
  /** How many hold types and re-exports alone, and have no test. */
  readonly withoutLogic: number;
  /** The others. */
  readonly unmirrored: readonly { readonly path: string; readonly reason: string | undefined }[];
  /** Places of reasons that no module needs. */
  readonly idleReasons: readonly string[];
}

/** Looks for the test of each module of `project`/src. */
export async function findMirrors(
  project: string,
  reasons: readonly Reason[],
): Promise<Mirrors> {
  const tests = new Set(await findFiles(project, "tests", "_test.ts"));
  const unmirrored: { path: string; reason: string | undefined }[] = [];
  const needed = new Set<Reason>();
  let mirrored = 0;
  let withoutLogic = 0;
  for (const path of await findFiles(project, "src", ".ts")) {
    if (tests.has(mirrorOf(path))) {
      mirrored++;
    } else if (!hasLogic(await Deno.readTextFile(`${project}/${path}`))) {
      withoutLogic++;
    } else {
      const found = reasons.find((one) => isAbout(one, path));
      if (found !== undefined) needed.add(found);
      unmirrored.push({ path, reason: found?.reason });
    }
  }
  const idleReasons = reasons.filter((one) => !needed.has(one)).map(({ path }) => path);
  return { mirrored, withoutLogic, unmirrored, idleReasons };
}

/** One line with the number of each kind. */
export function summarizeMirrors({ mirrored, withoutLogic, unmirrored }: Mirrors): string {
  const excused = unmirrored.filter(({ reason }) => reason !== undefined).length;
  return `${mirrored} modules have their test at tests/<same path>_test.ts, ${withoutLogic} need none ` +
    `(types and re-exports), ${excused} have a reason, ${unmirrored.length - excused} have neither`;
}

/** Whether a module does anything when its types, comments and re-exports are taken away. */
export function hasLogic(text: string): boolean {
  const code = withoutTypes(text);
  if (code === undefined) return true;
  const rest = code
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^\s*\/\/.*$/gm, "")
    .replaceAll(/^\s*(?:import|export)\s[^;]*?\bfrom\s*"[^"]*";?|^\s*import\s*"[^"]*";?/gm, "");
  return /[^\s;]/.test(rest);
}

/** `undefined` where there is more TypeScript in it than types that can be blanked out. */
function withoutTypes(text: string): string | undefined {
  try {
    return stripTypeScriptTypes(text);
  } catch {
    return undefined;
  }
}

function mirrorOf(path: string): string {
  return path.replace(/^src\//, "tests/").replace(/\.ts$/, "_test.ts");
}

function isAbout({ path: place }: Reason, path: string): boolean {
  const names = path.split("/");
  const wanted = place.split("/");
  return (place.endsWith("/") ? wanted.length <= names.length : wanted.length === names.length) &&
    wanted.every((name, at) => name === "*" || name === "" || name === names[at]);
}

import { join } from "node:path";

/** Folder for what is made once for all test files of a run; empty where each makes its own. */
const TEMPLATES = Deno.env.get("DLSLURM_TEST_TEMPLATES") ?? "";

/** Stands for a template's own path in the files that name it. */
const PLACE = "@PLACE@";

/**
 * Puts at `to` what `make` makes at the place that it is given. In a run of all tests that is made once, and copied.
 *
 * @param name what no other template is called.
 * @param naming files that hold the path of the place, relative to it.
 */
export async function copyTemplate(
  name: string,
  to: string,
  make: (folder: string) => Promise<void>,
  naming: readonly string[] = [],
): Promise<void> {
  if (TEMPLATES === "") return await make(to);
  const template = join(TEMPLATES, name);
  if (!await isThere(template)) {
    const folder = `${template} ${crypto.randomUUID()}`;
    await make(folder);
    for (const file of naming) await replaceIn(join(folder, file), folder, PLACE);
    // Another test file may have been quicker: then this one is of no use.
    await Deno.rename(folder, template).catch(() => Deno.remove(folder, { recursive: true }));
  }
  const { success } = await new Deno.Command("cp", { args: ["-a", template, to] }).output();
  if (!success) throw new Error(`Cannot copy "${template}" to "${to}"`);
  for (const file of naming) await replaceIn(join(to, file), PLACE, to);
}

async function replaceIn(file: string, old: string, replacement: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  if (!text.includes(old)) throw new Error(`"${file}" does not hold "${old}"`);
  await Deno.writeTextFile(file, text.replaceAll(old, replacement));
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

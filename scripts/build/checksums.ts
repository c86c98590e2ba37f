import { sha256Of } from "./portable_file.ts";

/** Writes `SHA256SUMS` of these files into their `folder`, as `sha256sum --check` reads it. */
export async function writeChecksums(folder: string, names: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    lines.push(`${await sha256Of(await Deno.readFile(`${folder}/${name}`))}  ${name}\n`);
  }
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, lines.join(""));
}

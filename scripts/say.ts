/** Writes a line to standard output, whole: a single write may take only a part of it. */
export async function say(line: string): Promise<void> {
  await write(`${line}\n`);
}

/** Writes text to standard output, whole and without a line end. */
export async function write(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}

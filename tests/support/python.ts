/** Runs a program in DataLad's own Python; it reads JSON on standard input and writes JSON. */
// deno-lint-ignore no-explicit-any -- JSON of the program's own making
export async function askPython(program: string, question: unknown): Promise<any> {
  const child = new Deno.Command(pythonOfDatalad(), {
    args: ["-c", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(question)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Whether that Python has a module. */
export function hasPythonModule(name: string): boolean {
  try {
    const args = ["-c", `import ${name}`];
    return new Deno.Command(pythonOfDatalad(), { args, stdin: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The interpreter that the first line of `datalad` names. */
function pythonOfDatalad(): string {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      const path = /^#!\s*(\S*python\S*)/.exec(Deno.readTextFileSync(`${folder}/datalad`))?.[1];
      if (path !== undefined) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return "python3";
}

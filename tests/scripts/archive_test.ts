import assert from "node:assert/strict";
import { packArchive } from "../../scripts/release/archive.ts";

async function pack(folder: string, time: number): Promise<Uint8Array> {
  const files = [{ from: `${folder}/tree`, to: "share/tree" }, {
    from: `${folder}/run`,
    to: "run",
  }];
  await packArchive(`${folder}/a.tar.gz`, { name: "a-1", files, time });
  return await Deno.readFile(`${folder}/a.tar.gz`);
}

Deno.test("packArchive() gives the same bytes for the same files, whatever their times and modes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/tree/below`, { recursive: true });
    for (const name of ["tree/b", "tree/a", "tree/below/c", "run"]) {
      await Deno.writeTextFile(`${folder}/${name}`, name);
    }
    await Deno.chmod(`${folder}/run`, 0o700);
    const first = await pack(folder, 1_700_000_000);
    await Deno.utime(`${folder}/tree/a`, 0, 0);
    await Deno.chmod(`${folder}/tree/b`, 0o600);
    await Deno.chmod(`${folder}/run`, 0o775);

    assert.deepEqual(await pack(folder, 1_700_000_000), first);
    await Deno.writeTextFile(`${folder}/tree/a`, "changed");
    assert.notDeepEqual(await pack(folder, 1_700_000_000), first);

    const args = ["-tvzf", `${folder}/a.tar.gz`, "--full-time", "--numeric-owner"];
    const { stdout } = await new Deno.Command("tar", { args, env: { TZ: "UTC" } }).output();
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => line.split(/ +/).at(-1)), [
      "a-1/",
      "a-1/run",
      "a-1/share/",
      "a-1/share/tree/",
      "a-1/share/tree/a",
      "a-1/share/tree/b",
      "a-1/share/tree/below/",
      "a-1/share/tree/below/c",
    ]);
    assert.match(lines[1]!, /^-rwxr-xr-x 0\/0 +3 2023-11-14 22:13:20 /);
    assert.match(lines[5]!, /^-rw-r--r-- 0\/0 /);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

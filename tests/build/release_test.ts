import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { buildRelease } from "../../scripts/release.ts";
import { testIfAvailable } from "../support/requirements.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** In seconds since 1970: 29 November 2026. */
const TIME = 1_795_910_400;
const SOURCES = "main.ts src scripts docs deno.json deno.lock README.md CHANGELOG.md LICENSE";

/** Builds in another folder, as somebody else: other times, permissions, time zone and language. */
const ELSEWHERE = `
set -e
umask 077
cp -R --no-preserve=all ${SOURCES} "$0"
mkdir -p "$0/dist/.build"
ln dist/.build/*.tgz dist/.build/runtime-*.gz "$0/dist/.build" 2>/dev/null ||
  cp dist/.build/*.tgz dist/.build/runtime-*.gz "$0/dist/.build"
cd "$0"
export TZ=Asia/Kathmandu LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=${TIME}
exec "$1" run -A --no-check scripts/release.ts "$2"
`;

async function run(argv: [string, ...string[]], cwd: string): Promise<string> {
  const [program, ...args] = argv;
  const command = new Deno.Command(program, { args, cwd, env: { LC_ALL: "C" }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, text + new TextDecoder().decode(stderr));
  return text;
}

testIfAvailable(
  ["npm"],
  "release: built twice, at two places, it is the same byte for byte; its checksums are right",
  async () => {
    const root = await Deno.makeTempDir({ prefix: "dlslurm release " });
    try {
      const names = await buildRelease(`${root}/one`, TIME);
      await Deno.mkdir(`${root}/elsewhere`);
      const argv = ["sh", "-c", ELSEWHERE, `${root}/elsewhere`, Deno.execPath(), `${root}/two`];
      await run(argv as [string, ...string[]], PROJECT);

      const { version } = JSON.parse(await Deno.readTextFile(`${PROJECT}/deno.json`));
      assert.deepEqual(names.toSorted(), [
        "SHA256SUMS",
        "_dlslurm",
        `dlslurm-${version}.tar.gz`,
        "dlslurm-aarch64",
        "dlslurm-x86_64",
        "dlslurm.1",
        "dlslurm.bash",
        "dlslurm.fish",
      ]);
      await run(["diff", "-r", "one", "two"], root);
      const checked = await run(["sha256sum", "--check", "SHA256SUMS"], `${root}/one`);
      assert.deepEqual(
        checked.trimEnd().split("\n"),
        names.filter((name) => name !== "SHA256SUMS").toSorted().map((name) => `${name}: OK`),
      );
      await checkArchive(`${root}/one`, version);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

async function checkArchive(folder: string, version: string): Promise<void> {
  await run(["tar", "-xpf", `dlslurm-${version}.tar.gz`], folder);
  const prefix = `${folder}/dlslurm-${version}`;
  for (const cpu of ["aarch64", "x86_64"]) {
    await run(["cmp", `${prefix}/${cpu}/bin/dlslurm`, `dlslurm-${cpu}`], folder);
    assert.equal((await Deno.stat(`${prefix}/${cpu}/bin/dlslurm`)).mode! & 0o777, 0o755);
    const page = await Deno.stat(`${prefix}/${cpu}/share/man/man1/dlslurm.1`);
    assert.equal(page.mode! & 0o777, 0o644);
    assert.equal(page.mtime?.getTime(), TIME * 1000);
    for (
      const path of [
        "bash-completion/completions/dlslurm",
        "zsh/site-functions/_dlslurm",
        "fish/vendor_completions.d/dlslurm.fish",
      ]
    ) assert.ok((await Deno.stat(`${prefix}/${cpu}/share/${path}`)).size > 0, path);
  }
  for (const path of ["LICENSE", "docs/guides/air_gapped.md"]) {
    assert.ok((await Deno.stat(`${prefix}/doc/${path}`)).size > 0, path);
  }
}

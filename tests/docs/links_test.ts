import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { dirname, relative, resolve } from "node:path";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

for (const page of [...await findPages(""), "fixtures/slurm/README.md"]) {
  const text = await Deno.readTextFile(`${PROJECT}${page}`);

  Deno.test(`${page}: every link leads to a page or file and a heading of it`, async () => {
    for (const target of linksOf(text)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split("#") as [string, string | undefined];
      const file = path === "" ? page : relative(PROJECT, resolve(PROJECT, dirname(page), path));
      assert.ok(await exists(file), `${target} is not there`);
      if (anchor === undefined) continue;
      const headings = headingsOf(await Deno.readTextFile(`${PROJECT}${file}`));
      assert.ok(headings.includes(anchor), `${target}: there is no such heading`);
    }
  });

  // What has changed is told of what is not there any more.
  if (page === "CHANGELOG.md") continue;
  Deno.test(`${page}: every path of the project that is named is there`, async () => {
    const missing = [];
    for (const path of pathsOf(text)) if (!await exists(path)) missing.push(path);

    assert.deepEqual(missing, []);
  });
}

Deno.test("linksOf() finds links in text, not in code", () => {
  const text =
    "[a](b.md#c), ![d](e.svg) and `[x](y)`\n\n```sh\n[z](w)\n```\n[f]: g.md\n[two\nlines](h.md)";

  assert.deepEqual(linksOf(text), ["b.md#c", "e.svg", "h.md", "g.md"]);
});

Deno.test("headingsOf() names headings as forges do", () => {
  const text = "# A `b --c`, d\n\n```sh\n# no heading\n```\n## Exit status\n## Exit status";

  assert.deepEqual(headingsOf(text), ["a-b---c-d", "exit-status", "exit-status-1"]);
});

Deno.test("pathsOf() takes paths of the project, without what stands for a name", () => {
  const text =
    "`src/git/refs.ts`, `src/commands/X/X.ts`, `tests/…`, `deno task ok`, `dist/dlslurm`\n" +
    "```text\nsrc/no.ts\n```\n`scripts/newcomer.sh COMMAND` `tests/<same path>_test.ts` `src/fs/`";

  assert.deepEqual(pathsOf(text), ["src/git/refs.ts", "scripts/newcomer.sh", "src/fs/"]);
});

async function findPages(folder: string): Promise<string[]> {
  const pages: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${PROJECT}${folder}`)) {
    const path = `${folder}${name}`;
    if (isDirectory && (path === "docs" || path.startsWith("docs/"))) {
      pages.push(...await findPages(`${path}/`));
    } else if (name.endsWith(".md")) pages.push(path);
  }
  return pages.sort();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(`${PROJECT}${path}`).then(() => true, () => false);
}

/** Targets of a page's links, those of `[name]: target` last. */
function linksOf(text: string): string[] {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(([^()\s]+)\)/g)];
  const apart = [...prose.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...apart].map((match) => match[1]!);
}

/** The anchors of a page's headings. */
function headingsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutBlocks(text).matchAll(/^#+ +(.+)$/gm)].map(([, title]) => {
    const anchor = title!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** Paths of the project that stand in code spans; capitals, `…`, `*` and `<…>` stand for names. */
function pathsOf(text: string): string[] {
  return [
    ...withoutBlocks(text).matchAll(
      /`((?:src|tests|scripts|docs|fixtures|\.ci|\.github)\/[^`\s]*)/g,
    ),
  ]
    .map((match) => match[1]!)
    .filter((path) => !/[…*<]|\b(?!README\b)[A-Z]+\b/.test(path));
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

import assert from "node:assert/strict";
import { join } from "node:path";
import * as fc from "fast-check";
import { findIgnored, mayBeIgnored } from "../../src/git/ignore_rules.ts";
import { TestRepository } from "../support/test_repository.ts";

async function createRepository(rules: Readonly<Record<string, string>>) {
  const repository = await TestRepository.create({ a: "1\n", ...rules });
  const { root } = repository;
  const place = { root, commonDir: join(root, ".git"), config: new Map<string, string>() };
  return {
    repository,
    place,
    mayBe: (...paths: readonly string[]) => mayBeIgnored(place, paths),
    find: async (...paths: readonly string[]) =>
      (await findIgnored(repository.git, root, paths)).map(({ path, rule }) => `${path} ${rule}`),
  };
}

Deno.test("findIgnored() tells each path's rule, whether it is there or not", async () => {
  const rules = { ".gitignore": "*.nii\nlogs/\n!kept.nii\n/top\n", "sub/.gitignore": "x*\n" };
  const { repository, find } = await createRepository(rules);
  await using _repository = repository;
  await repository.dataset.write("out/a.nii", "");
  await repository.dataset.write("logs2/a", "");
  await repository.dataset.write("plain/logs", "");

  assert.deepEqual(await find("out/a.nii", "new/b.nii", "kept.nii", "sub/xy", "xy", "a"), [
    "out/a.nii .gitignore:1: *.nii",
    "new/b.nii .gitignore:1: *.nii",
    "sub/xy sub/.gitignore:1: x*",
  ]);
  // Nobody knows whether it will be a folder; of what is there it is known.
  assert.deepEqual(await find("deep/logs", "plain/logs", "logs2"), [
    "deep/logs .gitignore:2: logs/",
  ]);
  assert.deepEqual(await find("top", "deep/top"), ["top .gitignore:4: /top"]);
});

Deno.test("findIgnored() takes odd names for what they are, and never a tracked file", async () => {
  const { repository, find } = await createRepository({});
  await using _repository = repository;
  await repository.dataset.write(".gitignore", "*\n");

  const odd = [":(top)x", "-x", "a b\nc", "[x]", "ü"];

  assert.deepEqual(await find(...odd), odd.map((name) => `${name} .gitignore:1: *`));
  assert.deepEqual(await find("a"), []);
  assert.deepEqual(await find(), []);
});

Deno.test("findIgnored() takes a line of blanks for none, as git does when it lists files", async () => {
  const { repository, find } = await createRepository({ ".gitignore": "x\n  \n" });
  await using _repository = repository;
  await repository.dataset.write("there/a", "");

  assert.deepEqual(await find("new", "there", "there/a", "x"), ["x .gitignore:1: x"]);
});

Deno.test("mayBeIgnored() says no only if it is certain, whichever file the rule stands in", async () => {
  const { repository, place, mayBe } = await createRepository({ "sub/.gitignore": "*.log\n" });
  await using _repository = repository;
  assert.equal(await mayBe("out/a.txt", "b.log"), false);
  assert.equal(await mayBe("sub/a.log"), true);
  assert.equal(await mayBe("sub/deep/A.LOG"), true, "the case counts or not: git knows");

  await repository.dataset.write(".git/info/exclude", "out\n");
  assert.equal(await mayBe("out/a.txt"), true);
  await repository.dataset.write("own rules", "c?t\n");
  place.config.set("core.excludesfile", join(repository.root, "own rules"));

  assert.equal(await mayBe("x/cat"), true);
  assert.equal(await mayBe("x/dog"), false);
});

Deno.test("mayBeIgnored() is true of a file of rules that cannot be read", async () => {
  const { repository, mayBe } = await createRepository({});
  await using _repository = repository;
  await Deno.mkdir(join(repository.root, "sub/.gitignore"), { recursive: true });

  assert.equal(await mayBe("sub/a"), true);
});

Deno.test("mayBeIgnored() is true of whatever git ignores", async () => {
  const { repository, mayBe, find } = await createRepository({});
  await using _repository = repository;
  const name = fc.constantFrom("a", "ab", "a.b", "a b", "{a}", "a+b", "(a", "#a", "!a", "a$", "b");
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  const pattern = fc.array(
    fc.oneof(name, fc.constantFrom("*", "**", "?", "/", "[a-b]", "\\", " ", "*a", "a*")),
    { minLength: 1, maxLength: 4 },
  ).map((parts) => parts.join(""));
  const property = fc.asyncProperty(
    fc.array(pattern, { minLength: 1, maxLength: 3 }),
    fc.uniqueArray(path, { minLength: 1, maxLength: 4 }),
    async (patterns, paths) => {
      await repository.dataset.write(".gitignore", `${patterns.join("\n")}\n`);

      const ignored = await find(...paths);

      if (ignored.length > 0) assert(await mayBe(...paths), ignored.join("; "));
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

import assert from "node:assert/strict";
import { classifyFiles } from "../../src/annex/classify_files.ts";
import { TestRepository } from "../support/test_repository.ts";

interface Case {
  readonly name: string;
  readonly attributes?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly large?: readonly string[];
  readonly small?: readonly string[];
}

/** What is there in each case; none is tracked but "tracked" and "link to annex". */
const FILES = ["out/a.bin", "out/b.txt", "out/empty"];

const CASES: readonly Case[] = [
  { name: "no rule", large: FILES },
  { name: "a rule for all", attributes: "* annex.largefiles=nothing", small: FILES },
  {
    name: "a rule by name and size",
    attributes: "* annex.largefiles=(largerthan=3b)\n*.txt annex.largefiles=nothing",
    large: ["out/a.bin"],
    small: ["out/b.txt", "out/empty"],
  },
  {
    name: "git's configuration against attributes",
    attributes: "* annex.largefiles=nothing",
    settings: { "annex.largefiles": "include=*.txt" },
    large: ["out/b.txt"],
    small: ["out/a.bin", "out/empty"],
  },
  { name: "a rule that nobody here understands", attributes: "* annex.largefiles=new(thing)" },
  { name: "a backend that is no hash", attributes: "* annex.backend=WORM" },
  {
    name: "a filter of somebody else's",
    attributes: "*.bin filter=lfs\n*.txt filter=annex",
    large: ["out/b.txt", "out/empty"],
  },
  {
    name: "texts that git would convert: no matter in the annex",
    attributes: "* text=auto\n*.txt annex.largefiles=nothing",
    large: ["out/a.bin", "out/empty"],
  },
  {
    name: "texts that git does not convert",
    attributes: "* -text annex.largefiles=nothing",
    small: FILES,
  },
];

for (const { name, attributes = "", settings = {}, large = [], small = [] } of CASES) {
  Deno.test(`classifyFiles() of ${name}`, async () => {
    await using repository = await TestRepository.create({ ".gitattributes": `${attributes}\n` });
    await repository.dataset.write("out/a.bin", "long enough\n");
    await repository.dataset.write("out/b.txt", "long enough\n");
    await repository.dataset.write("out/empty", "");

    const sorted = await classifyFiles(await repository.openAnnex(settings), FILES);

    const unsure = FILES.filter((path) => !large.includes(path) && !small.includes(path));
    assert.deepEqual(sorted.large.map(({ path }) => path), large);
    assert.deepEqual(sorted.small, small);
    assert.deepEqual(sorted.unsure, unsure);
  });
}

Deno.test("classifyFiles() leaves to git-annex what is tracked and large, and what is no plain file", async () => {
  await using repository = await TestRepository.create({
    tracked: "1\n",
    pointer: "/annex/objects/K\n",
    "tracked small": "1\n",
    ".gitattributes": '"tracked small" annex.largefiles=nothing\n"back" annex.backend=SHA1\n',
  });
  const { dataset } = repository;
  await dataset.write("back", "x\n");
  await Deno.symlink(".git/annex/objects/aa/bb/K/K", repository.at("annexed"));
  await Deno.symlink("tracked", repository.at("link"));
  const paths = [
    ...["tracked", "pointer", "tracked small", "annexed", "link", "gone", ".git", "name\udcff"],
    "back",
  ];

  const { large, small, unsure } = await classifyFiles(await repository.openAnnex(), paths);

  assert.deepEqual(large, [{ path: "back", backend: "SHA1" }]);
  assert.deepEqual(small, ["tracked small"]);
  assert.deepEqual(unsure.toSorted(), [
    ...[".git", "annexed", "gone", "link", "name\udcff", "pointer", "tracked"],
  ]);
});

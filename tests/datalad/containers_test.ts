import assert from "node:assert/strict";
import {
  containerNames,
  findContainerImage,
  folderOfContainer,
  literalInput,
} from "../../src/datalad/containers.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import { GitConfig } from "../../src/git/git_config.ts";
import { pythonGlob } from "../../src/datalad/python_glob.ts";
import { TestRepository } from "../support/test_repository.ts";

/** The text of a `.datalad/config` with these images by their containers' names. */
function configuring(images: Readonly<Record<string, string>>): string {
  return Object.entries(images)
    .map(([name, image]) => `[datalad "containers.${name}"]\n\timage = "${image}"\n`).join("");
}

async function createDataset(
  images: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
) {
  const repository = await TestRepository.create({
    ".datalad/config": configuring(images),
    "env/fit.sif": "image\n",
    ...files,
  });
  const find = async (name: string) =>
    await findContainerImage(
      await openDataset(repository.runner, repository.root, undefined),
      name,
    );
  return { repository, find };
}

const REFUSED = { name: "UserError", code: "BAD_CONTAINER" };

Deno.test("findContainerImage() gives what is configured, by the user before the dataset", async () => {
  const { repository, find } = await createDataset({ fit: "./env//fit.sif", plot: "env/later" });
  await using _repository = repository;

  assert.equal(await find("fit"), "env/fit.sif");
  assert.equal(
    await find("plot"),
    "env/later",
    "what is not there is found out with the other inputs",
  );
  await repository.dataset.git("config", "datalad.containers.fit.image", "env/mine.sif");
  assert.equal(await find("fit"), "env/mine.sif");
});

Deno.test("findContainerImage() names the containers that there are", async () => {
  const { repository, find } = await createDataset({ fit: "env/fit.sif", "e\u001bvil": "x" });
  await using _repository = repository;
  const hintFor = async (name: string) => {
    const error = await find(name).then(() => undefined, (reason) => reason);
    assert.equal(error?.code, "BAD_CONTAINER");
    return error.hint;
  };

  assert.equal(await hintFor("fti"), "there is fit");
  await repository.dataset.write(".datalad/config", configuring({ a: "1", b: "2" }));
  assert.equal(await hintFor("fti"), "there are a, b");
  await repository.dataset.write(".datalad/config", "");
  assert.match(await hintFor("fti"), /^datalad containers-add /);
});

Deno.test("findContainerImage() refuses an image that is not in the dataset", async () => {
  const images = {
    above: "../fit.sif",
    elsewhere: "/etc/passwd",
    roundabout: "env/../../fit.sif",
    gits: ".git/config",
    root: ".",
    empty: "",
    link: "out/fit.sif",
    target: "env/passwd",
    chain: "env/chain",
    circle: "env/circle",
  };
  const { repository, find } = await createDataset(images);
  await using _repository = repository;
  await Deno.symlink("/etc", repository.at("out"));
  await Deno.symlink("/etc/passwd", repository.at("env/passwd"));
  await Deno.symlink("passwd", repository.at("env/chain"));
  await Deno.symlink("circle", repository.at("env/circle"));

  for (const name of Object.keys(images)) await assert.rejects(() => find(name), REFUSED, name);
});

Deno.test("findContainerImage() takes links that stay in the dataset, git-annex's without content too", async () => {
  const { repository, find } = await createDataset({
    linked: "env/linked",
    annexed: "env/annexed",
    strange: "env/strange",
  });
  await using _repository = repository;
  const object = "annex/objects/a/b/MD5E-s3--a/MD5E-s3--a";
  await Deno.symlink("fit.sif", repository.at("env/linked"));
  await Deno.symlink(`../.git/${object}`, repository.at("env/annexed"));
  await Deno.symlink(`../../other/.git/${object}`, repository.at("env/strange"));

  assert.equal(await find("linked"), "env/linked");
  assert.equal(await find("annexed"), "env/annexed");
  await assert.rejects(() => find("strange"), REFUSED, "git-annex's folder of another dataset");
});

Deno.test("findContainerImage() finds a subdataset's container, whose image lies in that", async () => {
  const { repository, find } = await createDataset({ fit: "env/fit.sif" }, {
    "code/tools/.datalad/config": configuring({
      fit: "images/fit.sif",
      above: "../../env/fit.sif",
    }),
  });
  await using _repository = repository;

  await assert.rejects(() => find("code/tools/fit"), {
    ...REFUSED,
    hint: 'datalad get -n "code/tools"',
  });
  await repository.dataset.git("init", "-q", "code/tools");

  assert.equal(await find("code/tools/fit"), "code/tools/images/fit.sif");
  await assert.rejects(() => find("code/tools/plot"), {
    ...REFUSED,
    hint: "there are code/tools/above, code/tools/fit",
  });
  await assert.rejects(() => find("code/tools/above"), REFUSED);
  for (const name of ["../fit", "/fit", "code/../../fit", ".git/fit"]) {
    await assert.rejects(() => find(name), REFUSED, name);
  }
});

Deno.test("containerNames() are those with an image, sorted", () => {
  const config = new GitConfig(
    new Map([["datalad.containers.b.image", ["x"]]]),
    new Map([["datalad.containers.a.image", ["x"]], ["datalad.containers.c.updateurl", ["x"]]]),
  );

  assert.deepEqual(containerNames(config), ["a", "b"]);
});

Deno.test("folderOfContainer() is what stands before the last slash", () => {
  assert.deepEqual(["fit", "a/b/fit"].map(folderOfContainer), [".", "a/b"]);
});

Deno.test("literalInput() stands for one file, whatever it is called", async () => {
  const { repository } = await createDataset({}, { "env/f[i]*t": "", "env/fi-t": "" });
  await using _repository = repository;
  const literal = literalInput("env/f[i]*t");

  assert.deepEqual(await pythonGlob(repository.root, literal), ["env/f[i]*t"]);
  assert.equal(literalInput("{pwd}"), "{{pwd}}");
});

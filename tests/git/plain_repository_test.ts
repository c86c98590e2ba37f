import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { openPlainRepository } from "../../src/git/plain_repository.ts";
import { openRepository } from "../../src/git/repository.ts";
import { TestRepository } from "../support/test_repository.ts";

/** Opened both ways: what the quick one tells, and git's answer, `undefined` where git refuses. */
async function openBoth(repository: TestRepository, folder: string) {
  const { runner } = repository;
  const quick = await openPlainRepository(runner, folder);
  const asked = await openRepository(runner, folder).catch((error) => {
    assert(error instanceof UserError);
    return undefined;
  });
  const { git: _, ...told } = quick?.repository ?? { git: undefined };
  const { git: __, ...answered } = asked ?? { git: undefined };
  return { quick: quick === undefined ? undefined : told, asked: answered };
}

/** Repositories that are opened without asking git where they are. */
const PLAIN: Readonly<Record<string, (repository: TestRepository) => Promise<string>>> = {
  "the root": (repository) => Promise.resolve(repository.root),
  "a folder in it": async (repository) => {
    await Deno.mkdir(repository.at("a b/c"), { recursive: true });
    return repository.at("a b/c");
  },
  "through a link": async (repository) => {
    const link = join(repository.sandbox.root, "link");
    await Deno.symlink(repository.root, link);
    return link;
  },
  "packed refs": async (repository) => {
    await repository.dataset.git("branch", "other");
    await repository.commit();
    await repository.dataset.git("pack-refs", "--all");
    return repository.root;
  },
  "a branch packed and moved since": async (repository) => {
    await repository.dataset.git("pack-refs", "--all");
    await repository.commit();
    return repository.root;
  },
  "a detached HEAD": async (repository) => {
    await repository.dataset.git("checkout", "--quiet", "--detach");
    return repository.root;
  },
  "a branch with slashes": async (repository) => {
    await repository.dataset.git("checkout", "--quiet", "-b", "user/topic/one");
    return repository.root;
  },
  "a file HEAD in the root": async (repository) => {
    await Deno.writeTextFile(repository.at("HEAD"), "x");
    return repository.root;
  },
};

/** What git has to be asked about. */
const SPECIAL: typeof PLAIN = {
  "a linked worktree": async (repository) => {
    const folder = join(repository.sandbox.root, "linked");
    await repository.dataset.git("worktree", "add", "--quiet", folder);
    return folder;
  },
  "a git directory elsewhere": async (repository) => {
    const folder = join(repository.sandbox.root, "git directory");
    await repository.dataset.git("init", "--quiet", `--separate-git-dir=${folder}`);
    return repository.root;
  },
  "hooks elsewhere": async (repository) => {
    await repository.dataset.git("config", "core.hooksPath", "~/hooks");
    return repository.root;
  },
  "a work tree elsewhere": async (repository) => {
    await repository.dataset.git("config", "core.worktree", repository.sandbox.home);
    return repository.root;
  },
  "configuration of the worktree": async (repository) => {
    await repository.dataset.git("config", "extensions.worktreeConfig", "true");
    return repository.root;
  },
  "a bare repository": async (repository) => {
    await repository.dataset.git("config", "core.bare", "true");
    return repository.root;
  },
  "a bare repository in the work tree": async (repository) => {
    await repository.dataset.git("clone", "--quiet", "--bare", ".", "bare");
    return repository.at("bare/refs");
  },
  "the git directory itself": (repository) => Promise.resolve(repository.at(".git/info")),
  "a folder with a .git that is no repository": async (repository) => {
    await Deno.mkdir(repository.at("sub/.git"), { recursive: true });
    return repository.at("sub");
  },
  "a .git like one without objects": async (repository) => {
    await Deno.mkdir(repository.at("sub/.git/refs/heads"), { recursive: true });
    for (const file of ["HEAD", "config", "refs/heads/main"]) {
      await Deno.copyFile(repository.at(`.git/${file}`), repository.at(`sub/.git/${file}`));
    }
    return repository.at("sub");
  },
  "no commit": async (repository) => {
    await repository.dataset.git("checkout", "--quiet", "--orphan", "empty");
    return repository.root;
  },
  "a symbolic branch": async (repository) => {
    await repository.dataset.git("symbolic-ref", "refs/heads/alias", "refs/heads/main");
    await Deno.writeTextFile(repository.at(".git/HEAD"), "ref: refs/heads/alias\n");
    return repository.root;
  },
  "a HEAD that is a link": async (repository) => {
    await Deno.remove(repository.at(".git/HEAD"));
    await Deno.symlink("refs/heads/main", repository.at(".git/HEAD"));
    return repository.root;
  },
  "a colon in the path": async (repository) => {
    const folder = join(repository.sandbox.root, "a:b");
    await repository.dataset.git("clone", "--quiet", ".", folder);
    return folder;
  },
  "no repository": (repository) => Promise.resolve(repository.sandbox.home),
};

for (const [name, prepare] of Object.entries(PLAIN)) {
  Deno.test(`openPlainRepository() tells what git tells: ${name}`, async () => {
    await using repository = await TestRepository.create();
    const folder = await prepare(repository);

    const { quick, asked } = await openBoth(repository, folder);

    assert(quick !== undefined);
    assert.deepEqual(quick, asked);
  });
}

for (const [name, prepare] of Object.entries(SPECIAL)) {
  Deno.test(`openPlainRepository() leaves to git: ${name}`, async () => {
    await using repository = await TestRepository.create();
    const folder = await prepare(repository);

    const { quick } = await openBoth(repository, folder);

    assert.equal(quick, undefined);
  });
}

Deno.test("openPlainRepository() goes by GIT_CEILING_DIRECTORIES as git does: not at all", async () => {
  await using repository = await TestRepository.create();
  Deno.env.set("GIT_CEILING_DIRECTORIES", repository.root);
  try {
    assert.equal(await openPlainRepository(repository.runner, repository.root), undefined);
  } finally {
    Deno.env.delete("GIT_CEILING_DIRECTORIES");
  }
});

Deno.test("openPlainRepository() leaves another user's repository to git", {
  ignore: Deno.uid() !== 0,
}, async () => {
  await using repository = await TestRepository.create();
  await Deno.chown(repository.at(".git"), 12345, 12345);
  await Deno.chown(repository.root, 12345, 12345);

  const quick = await openPlainRepository(repository.runner, repository.root);

  await Deno.chown(repository.at(".git"), 0, 0);
  await Deno.chown(repository.root, 0, 0);
  assert.equal(quick, undefined);
});

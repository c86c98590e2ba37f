import assert from "node:assert/strict";
import { namesOfUsers } from "../../src/process/user_names.ts";
import { fakeRunner } from "../support/fake_runner.ts";

Deno.test("namesOfUsers() asks nobody about users of /etc/passwd, nor about none", async () => {
  using runner = fakeRunner();

  assert.deepEqual(await namesOfUsers([], runner), new Map());
  assert.deepEqual(await namesOfUsers([0, 0], runner), new Map([[0, "root"]]));
});

Deno.test("namesOfUsers() asks getent once about the others, and leaves out who has no name", async () => {
  using runner = fakeRunner(
    {
      to: ["getent", "passwd", "700001", "700002", "700003"],
      code: 2,
      stdout: "ada:x:700001:1::/home/ada:/bin/sh\nadam:x:700001:1::/:/bin/sh\n:x:700002:1::/:\n",
    },
  );

  const names = await namesOfUsers([700001, 0, 700002, 700003], runner);

  assert.deepEqual(names, new Map([[0, "root"], [700001, "ada"]]));
});

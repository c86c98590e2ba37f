import assert from "node:assert/strict";
import { nameNotText } from "../../src/fs/text_names.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("nameNotText() knows what the runtime says of a name that is no text", async () => {
  await using folder = await TestFolder.create();
  const script = `mkdir "$(printf 'b\\344')" && ln -s "$(printf 'b\\344')" link`;
  await new Deno.Command("/bin/sh", { args: ["-c", script], cwd: folder.root }).output();
  const thrown = await Deno.realPath(folder.at("link")).catch((error) => error);

  const error = nameNotText(thrown);

  assert.equal(error?.code, "NAME_NOT_TEXT");
  assert.equal(error?.cause, thrown);
  assert.match(error!.message, /^Cannot follow a path: /);
});

Deno.test("nameNotText() leaves other errors alone", () => {
  const errors = [
    new Deno.errors.NotFound("File name is not valid UTF-8"),
    new Deno.errors.InvalidData("stream did not contain valid UTF-8"),
    new TypeError("not valid UTF-8"),
    undefined,
  ];

  for (const error of errors) assert.equal(nameNotText(error), undefined);
});

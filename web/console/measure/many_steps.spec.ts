import { expect, signIn, test } from "./console";

test("5,000 steps of a run", async ({ page, api, momentOf, report }) => {
  await api.store("leaf", "def leaf(input):\n    return input\n");
  await api.store("branch", "def branch(input):\n    return [leaf({'n': n}) for n in range(49)]\n");
  await api.store("tree", "def tree(input):\n    return sum(len(branch({})) for _ in range(100))\n");
  const id = await api.run("tree");
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs`);
  await signIn(page, api);
  for (let turn = 0; turn < 5; turn++) {
    const { shown, answered, painted } = await momentOf("/runs/" + id, "[role=treeitem]", 10);
    report("first paint, steps answered, tree shown, drawn after the answer, ms", [painted, answered, shown, shown - answered].map((one) => one.toFixed(0)).join(", "));
    await expect(page.getByRole("tab", { name: "Steps 5,000" })).toBeVisible();
    expect(await page.getByRole("treeitem").count(), "only rows in sight are in the document").toBeLessThan(80);
  }
  const tree = page.getByRole("tree", { name: "Calls of the run" });
  const jumps = await tree.evaluate(async (element) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const times: number[] = [];
    for (const share of [0, 0.5, 1, 0.25, 0.75]) {
      const begin = performance.now();
      element.scrollTop = element.scrollHeight * share;
      await frame();
      await frame();
      times.push(Math.round(performance.now() - begin));
    }
    return times;
  });
  report("jumps in the tree, two frames each, ms", jumps.join(", "));
});

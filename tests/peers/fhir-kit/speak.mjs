// Speaks to a FHIR server with fhir-kit-client as an app would: reads, searches, creates, updates, sends a transaction.
// Takes the server's address, a bearer token and a patient's id; prints what it saw as a line of JSON.
import { Client } from 'fhir-kit-client';

const [baseUrl, token, patient] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken: token });
const seen = {};

seen.fhirVersion = (await client.capabilityStatement()).fhirVersion;
seen.patient = (await client.read({ resourceType: 'Patient', id: patient })).id;

const subject = { reference: `Patient/${patient}` };
const made = await client.create({
  resourceType: 'Observation',
  body: { resourceType: 'Observation', status: 'preliminary', code: { text: 'made by the peer' }, subject },
});
seen.created = made.resourceType;

const versionId = made.meta.versionId;
const updated = await client.update({
  resourceType: 'Observation',
  id: made.id,
  body: { ...made, status: 'final' },
  options: { headers: { 'If-Match': `W/"${versionId}"` } },
});
seen.updated = [updated.status, updated.meta.versionId];
seen.first = (await client.vread({ resourceType: 'Observation', id: made.id, version: versionId })).status;
seen.history = (await client.history({ resourceType: 'Observation', id: made.id })).entry.length;

try {
  await client.update({
    resourceType: 'Observation',
    id: made.id,
    body: { ...made, status: 'amended' },
    options: { headers: { 'If-Match': `W/"${versionId}"` } },
  });
} catch (error) {
  seen.conflict = [error.response.status, error.response.data.resourceType];
}

const sent = await client.transaction({
  body: {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: ['one', 'two', 'three'].map((text) => ({
      resource: { resourceType: 'Observation', status: 'final', code: { text }, subject },
      request: { method: 'POST', url: 'Observation' },
    })),
  },
});
seen.transaction = sent.entry.map((one) => one.response.status);

let page = await client.search({
  resourceType: 'Observation',
  searchParams: { patient, _count: 2, _include: 'Observation:patient' },
});
seen.total = page.total;
seen.found = 0;
seen.along = new Set();
while (page) {
  seen.found += page.entry.filter((one) => one.search.mode === 'match').length;
  page.entry.filter((one) => one.search.mode === 'include').forEach((one) => seen.along.add(one.resource.id));
  page = await client.nextPage({ bundle: page });
}
seen.along = [...seen.along];

const byName = await client.search({
  resourceType: 'Patient',
  searchParams: { identifier: 'MRN-1' },
  options: { postSearch: true },
});
seen.byIdentifier = byName.entry.map((one) => one.resource.id);

await client.delete({ resourceType: 'Observation', id: made.id });
try {
  await client.read({ resourceType: 'Observation', id: made.id });
} catch (error) {
  seen.gone = error.response.status;
}
console.log(JSON.stringify(seen));

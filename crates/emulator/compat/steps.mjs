// What the scenarios have in common: steps of which each builds on the one before.

export function expect(actual, wanted, what) {
  if (actual !== wanted) {
    throw new Error(`${what} is ${JSON.stringify(actual)} and not ${JSON.stringify(wanted)}`);
  }
}

export async function step(name, work) {
  try {
    const result = await work();
    console.log(`ok    ${name}`);
    return result;
  } catch (error) {
    console.log(`FAIL  ${name}`);
    console.log(error);
    process.exit(1); // What follows builds on it.
  }
}

/** The oldest Node.js release the package runs on; equals `engines.node` in package.json. */
export const OLDEST_NODE = '20.9.0';

/** Compares `major.minor.patch`: negative when a is older than b. */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.replace(/^v/, '').split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] || 0) - (right[i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The complaint about a Node.js version, or undefined when it will do. */
export function nodeProblem(version) {
  if (compareVersions(version, OLDEST_NODE) >= 0) return undefined;
  return (
    `set-up: needed Node.js ${OLDEST_NODE} or newer, found ${version}; ` +
    'install Node.js 20 or 22 from nodejs.org (or nodesource.com for Debian and Ubuntu) and run again'
  );
}

/** Which Debian packages the native build needs, and how to get the missing ones. Decisions only; nothing runs here. */

/** Compiler, build tools, libtorch and the two matrix libraries. */
export const DEBIAN_PACKAGES = [
  'g++',
  'cmake',
  'make',
  'libtorch-dev',
  'libopenblas-dev',
  'libdnnl-dev',
  'libgloo-dev',
];

/** Programs that stand for the packages on systems without dpkg. */
export const BUILD_PROGRAMS = ['g++', 'cmake', 'make'];

/** The packages needed on this machine: a libtorch given by the user replaces the one from Debian. */
export function neededPackages(libtorchFolder) {
  return libtorchFolder ? DEBIAN_PACKAGES.filter((name) => name !== 'libtorch-dev') : DEBIAN_PACKAGES;
}

/**
 * Names that `dpkg-query -W -f '${Package} ${db:Status-Status}\n'` reports as installed. Packages that were removed
 * but left their configuration behind (`config-files`) are not.
 */
export function installedPackages(dpkgOutput) {
  const lines = dpkgOutput.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(lines.filter(([, status]) => status === 'installed').map(([name]) => name));
}

/** Programs and arguments of the two apt-get calls; `sudo` drops the environment, so it is set behind it. */
export function aptCommands(missing, isRoot) {
  const prefix = isRoot ? ['env'] : ['sudo', 'env'];
  const apt = [...prefix, 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300'];
  return {
    update: [...apt, 'update'],
    install: [...apt, 'install', '--yes', '--no-install-recommends', ...missing],
  };
}

const OTHER_LIBTORCH =
  'instead of libtorch-dev, a LibTorch archive from pytorch.org will do: unpack it and export MVHYBRID_LIBTORCH=/path/to/libtorch';

/**
 * What to do about system packages.
 *
 * @param {object} machine
 * @param {string} machine.libtorchFolder  MVHYBRID_LIBTORCH, or empty
 * @param {Set<string> | undefined} machine.installed  from dpkg-query; undefined without dpkg
 * @param {string[]} machine.missingPrograms  those of BUILD_PROGRAMS that are not on the PATH
 * @param {boolean} machine.hasApt
 * @param {boolean} machine.isRoot
 * @param {boolean} machine.hasSudo
 * @returns {{kind: 'nothing', note: string} | {kind: 'install', missing: string[]} | {kind: 'by-hand', message: string}}
 */
export function planPackages({ libtorchFolder, installed, missingPrograms, hasApt, isRoot, hasSudo }) {
  const needed = neededPackages(libtorchFolder);
  if (installed === undefined) return planWithoutDpkg(needed, libtorchFolder, missingPrograms);
  const missing = needed.filter((name) => !installed.has(name));
  if (missing.length === 0) return { kind: 'nothing', note: 'present' };
  if (hasApt && (isRoot || hasSudo)) return { kind: 'install', missing };
  const reason = hasApt ? 'neither root rights nor sudo to install them' : 'no apt-get to install them';
  const hint = missing.includes('libtorch-dev') ? ` (${OTHER_LIBTORCH})` : '';
  return {
    kind: 'by-hand',
    message:
      `system packages: needed ${missing.join(' ')}, found ${reason}; ` +
      `as root, run: apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}${hint}`,
  };
}

/** Another system: the compiler can be looked for, libraries only the native build can find. */
function planWithoutDpkg(needed, libtorchFolder, missingPrograms) {
  if (missingPrograms.length === 0 && libtorchFolder) {
    return { kind: 'nothing', note: 'no dpkg here; compiler found, libtorch from MVHYBRID_LIBTORCH' };
  }
  const lacking = [...missingPrograms, ...(libtorchFolder ? [] : ['libtorch'])];
  return {
    kind: 'by-hand',
    message:
      `system packages: needed ${lacking.join(', ')}, found a system without dpkg; install with its own package ` +
      `manager what Debian calls ${needed.join(' ')} (${OTHER_LIBTORCH})`,
  };
}

/** The set-up step that makes sure of compiler and libraries. */
import { onPath, requireTool, runTool } from './run-tool.mjs';
import { SetupError } from './setup-error.mjs';
import {
  aptCommands,
  BUILD_PROGRAMS,
  installedPackages,
  neededPackages,
  planPackages,
} from './system-packages.mjs';

// The placeholders are dpkg-query's own.
const DPKG_FORMAT = `\${Package} \${db:Status-Status}\\n`;

/** The state of this machine, as {@link planPackages} takes it. */
function inspectMachine() {
  const libtorchFolder = process.env.MVHYBRID_LIBTORCH || '';
  // dpkg-query exits 1 when one package is unknown, and still lists the others.
  const query = ['dpkg-query', '-W', '-f', DPKG_FORMAT, ...neededPackages(libtorchFolder)];
  return {
    libtorchFolder,
    installed: onPath('dpkg-query') ? installedPackages(runTool(query).output) : undefined,
    missingPrograms: BUILD_PROGRAMS.filter((program) => !onPath(program)),
    hasApt: onPath('apt-get'),
    isRoot: process.getuid?.() === 0,
    hasSudo: onPath('sudo'),
  };
}

/**
 * Installs the missing packages and returns a word on what was done.
 *
 * @throws SetupError when they must be installed by hand, or apt-get fails.
 */
export function installSystemPackages() {
  const machine = inspectMachine();
  const plan = planPackages(machine);
  if (plan.kind === 'nothing') return plan.note;
  if (plan.kind === 'by-hand') throw new SetupError(plan.message);
  const { update, install } = aptCommands(plan.missing, machine.isRoot);
  // A foreign package source may be out of order while Debian's is fine: the installation decides.
  const lists = runTool(update);
  try {
    requireTool('system packages', install, {
      next: `see the output below; these packages are needed: ${plan.missing.join(' ')}`,
    });
  } catch (error) {
    if (error instanceof SetupError && !lists.ok) error.log = `${lists.output.trim()}\n${error.log}`;
    throw error;
  }
  return `installed ${plan.missing.join(' ')}`;
}

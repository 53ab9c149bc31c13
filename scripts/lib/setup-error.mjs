/** A set-up failure with one clear message; `log` is the output of the tool that failed, shown below it. */
export class SetupError extends Error {
  /**
   * @param {string} message `operation: needed X, found Y; next step`
   * @param {string} [log]
   */
  constructor(message, log = '') {
    super(message);
    this.name = 'SetupError';
    this.log = log.trim();
  }
}

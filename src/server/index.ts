/** The viewer's server: slides, tables, results and jobs of one folder for the browser. */
export { createServerApp, type ServerApp, type ServerOptions } from './app.ts';
export { APP_MISSING } from './routes/app-routes.ts';
export { AccessToken } from './security/access-token.ts';
export { FIRST_PORT, type RunningServer, type StartOptions, startServer } from './start.ts';

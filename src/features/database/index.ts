export { createDatabaseRouter } from './routes.js';

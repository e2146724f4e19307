import { describeConformance } from '../conformance.js';

describeConformance('sqlite file');

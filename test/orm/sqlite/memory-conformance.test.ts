import { describeConformance } from '../conformance.js';

describeConformance('sqlite in memory');

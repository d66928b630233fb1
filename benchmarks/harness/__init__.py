"""The measuring side of benchmarks/run. SPDX-License-Identifier: Apache-2.0"""

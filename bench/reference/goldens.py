"""Exact numbers of queueing theory that a simulator must reproduce. Mean service is 1.

Formulas, and where they are computed again independently: `tests/reference/test_goldens.py`.
"""

# M/M/c, Erlang C: (c, rho) → share that waits, mean wait.
MMC = {
    (1, 0.8): (0.8, 4.0),
    (1, 0.9): (0.9, 9.0),
    (4, 0.8): (0.596432, 0.745541),
    (10, 0.8): (0.40918, 0.20459),
    (10, 0.9): (0.668732, 0.668732),
    (32, 0.9): (0.458197, 0.143186),
    (100, 0.95): (0.506457, 0.101291),
}

# Halfin-Whitt, R = 100 erlangs: c → share that waits, exact.
STAFFED = {105: 0.5157, 110: 0.2370, 120: 0.0332}

# M/M/1 mean time in the system by order: rho → T.
SJF = {0.5: 1.7127, 0.8: 2.8822, 0.9: 4.1969, 0.95: 6.264}
PREEMPTIVE_SJF = {0.5: 1.5314, 0.8: 2.6589, 0.9: 4.0518}
SRPT = {0.5: 1.4254, 0.7: 1.8746, 0.8: 2.3528, 0.9: 3.5521, 0.95: 5.541}

# Pollaczek-Khinchine: (squared coefficient of variation of service, rho) → T.
MG1 = {(0.0, 0.8): 3.0, (0.0, 0.9): 5.5, (4.0, 0.8): 11.0, (4.0, 0.9): 23.5}

# M/M/1 with two classes of equal load: rho → high class, low class.
COBHAM_WAIT = {0.8: (1.3333, 6.6667), 0.9: (1.6364, 16.3636), 0.95: (1.8095, 36.1905)}
PREEMPTIVE_TIME = {0.8: (1.6667, 8.3333), 0.9: (1.8182, 18.1818)}

# SQ(d) in the mean field of infinitely many queues: (d, rho) → T.
SQ = {(2, 0.5): 1.2657, (2, 0.9): 2.6141, (2, 0.95): 3.383, (3, 0.9): 2.0279}

# Own queues in front of few agents at rho .9, mean time. Measured by another simulator except for random, which is
# M/M/1: the middle of the range seen, and half of the range.
FEW_SHORTEST = (1.925, 0.025)  # 10 agents
FEW_SQ2 = (3.11, 0.05)  # 10 agents
HUNDRED_SQ2 = (2.675, 0.015)  # 100 agents
RANDOM = 10.0

# Erlang B: (c, offered load) → share refused.
ERLANG_B = {(10, 8): 0.121661, (10, 10): 0.214582, (50, 40): 0.018691, (100, 100): 0.0757}

# M/M/1/K: (rho, K) → share refused.
MM1K = {(0.8, 10): 0.023493, (0.95, 20): 0.027181, (1.2, 20): 0.17037}

# Erlang A, M/M/c+M: (c, arrivals a second, 1 / mean patience) → share that leaves, share that waits, mean number
# waiting, utilisation.
ERLANG_A = {
    (10, 9, 0.5): (0.067012, 0.468942, 1.206211, 0.839689),
    (10, 12, 0.5): (0.195656, 0.850385, 4.695743, 0.965213),
    (100, 100, 0.1): (0.019164, 0.766003, 19.164468, 0.980836),
    (10, 9, 0.1): (0.030437, 0.577987, 2.739311, 0.872607),
}

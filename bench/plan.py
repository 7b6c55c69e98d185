"""What a run is asked to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a run, as they also stand in its result file."""

    servers: tuple[str, ...]
    modes: tuple[str, ...]
    repetitions: int = 3
    seconds: float = 2.0  # of a trial
    warm_up_s: float = 2.0
    sustained_s: float = 5.0
    window: int = 128  # exchanges under way in a closed loop
    rates: tuple[int, ...] = (1000, 5000)  # equal offered rates at which answer times are compared
    rate_max: int = 80_000
    slow_sync_us: int = 3000
    clients: int = 20_000
    preload_leases: int = 0
    server_cpus: str = "0"
    client_cpus: str = "1"
    nice: int = 0  # of server, database and generator

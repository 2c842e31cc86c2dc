"""A workflow that returns what it is given, to see payloads cross the sandbox."""

from temporalio import workflow

from domain.authority import Authority
from tests.support.parcel import Parcel


@workflow.defn(name="tests.Echo")
class Echo:
    """Returns its argument once told to by an update, which returns the same."""

    @workflow.init
    def __init__(self, parcel: Parcel) -> None:
        self._parcel = parcel
        self._told = False

    @workflow.run
    async def run(self, parcel: Parcel) -> Parcel:
        """Wait for the update."""
        await workflow.wait_condition(lambda: self._told)
        return parcel

    @workflow.update(name="tell")
    async def tell(self, authorities: tuple[Authority, ...]) -> tuple[Authority, ...]:
        """Let ``run`` end; the argument must be of the process's own types, not of copies made by the sandbox."""
        if not all(type(authority) is type(self._parcel.authority) for authority in authorities):
            raise TypeError
        self._told = True
        return authorities

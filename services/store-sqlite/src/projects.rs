//! Projects.

use accord_domain::{Project, ProjectDefinition, ProjectId};
use accord_store::text::check_text;
use accord_store::{Page, PageRequest, Projects, StoreError, StoreResult};
use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use crate::failure::{conflict, failed};
use crate::page::fetch_page;
use crate::reader::{Reader, to_json};
use crate::transaction::SqliteTransaction;

#[async_trait]
impl Projects for SqliteTransaction {
    async fn insert_project(&mut self, project: &Project) -> StoreResult<()> {
        let name = project.definition.name.as_str();
        check_text("name of project", name)?;
        sqlx::query("INSERT INTO projects (id, name, definition, version, created_at) VALUES (?, ?, ?, ?, ?)")
            .bind(project.id.as_uuid())
            .bind(name)
            .bind(to_json("project", &project.definition)?)
            .bind(project.version)
            .bind(project.created_at.as_microseconds())
            .execute(self.connection())
            .await
            .map_err(|error| conflict(error, "project", name))?;
        Ok(())
    }

    async fn update_project(
        &mut self,
        id: ProjectId,
        expected_version: i64,
        definition: &ProjectDefinition,
    ) -> StoreResult<Project> {
        let name = definition.name.as_str();
        check_text("name of project", name)?;
        let updated = sqlx::query(
            "UPDATE projects SET name = ?, definition = ?, version = version + 1 WHERE id = ? AND version = ? \
             RETURNING id, definition, version, created_at",
        )
        .bind(name)
        .bind(to_json("project", definition)?)
        .bind(id.as_uuid())
        .bind(expected_version)
        .fetch_optional(self.connection())
        .await
        .map_err(|error| conflict(error, "project", name))?;
        match updated {
            Some(row) => read_project(&row),
            None => Err(StoreError::Missing {
                what: "project",
                name: format!("{id} of version {expected_version}"),
            }),
        }
    }

    async fn project(&mut self, id: ProjectId) -> StoreResult<Option<Project>> {
        let found = sqlx::query("SELECT id, definition, version, created_at FROM projects WHERE id = ?")
            .bind(id.as_uuid())
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        found.as_ref().map(read_project).transpose()
    }

    async fn project_by_name(&mut self, name: &str) -> StoreResult<Option<Project>> {
        let found = sqlx::query("SELECT id, definition, version, created_at FROM projects WHERE name = ?")
            .bind(name)
            .fetch_optional(self.connection())
            .await
            .map_err(failed)?;
        found.as_ref().map(read_project).transpose()
    }

    async fn list_projects(&mut self, page: PageRequest) -> StoreResult<Page<Project>> {
        let query = QueryBuilder::new("SELECT id, definition, version, created_at FROM projects WHERE true");
        fetch_page(self.connection(), query, "id", page, read_project, |project| {
            project.id.as_uuid()
        })
        .await
    }
}

fn read_project(row: &SqliteRow) -> StoreResult<Project> {
    let reader = Reader::new("projects", row);
    Ok(Project {
        id: ProjectId::from_uuid(reader.get("id")?),
        definition: reader.json("definition")?,
        version: reader.get("version")?,
        created_at: reader.moment("created_at")?,
    })
}
